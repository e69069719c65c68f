import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { issueCertificate } from '../../../src/engine/transport/certificate/issue-certificate.ts';
import { aPbx, type Pbx } from '../../support/a-pbx.ts';
import { aPhone, type Phone } from '../../support/a-phone.ts';
import { drawbridge } from '../../support/drawbridge.ts';
import { metric } from '../../support/gate-health.ts';
import { type Gate, startGate } from '../../support/gate-process.ts';
import { ownAddress } from '../../support/own-address.ts';

const DAY_MS = 86_400_000;

let folder: string;
const certificate = (): string => join(folder, 'gate.pem');
const key = (): string => join(folder, 'gate.key');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'certificates-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Puts a certificate and its key where the gate looks for them. */
function put(commonName: string, daysToExpiry = 100): void {
  const issued = issueCertificate({
    commonName,
    names: [commonName],
    notBefore: new Date(Date.now() - 400 * DAY_MS),
    notAfter: new Date(Date.now() + daysToExpiry * DAY_MS),
  });
  writeFileSync(key(), issued.key);
  writeFileSync(certificate(), issued.certificate);
}

function putKeyOfAnother(): void {
  const own = { commonName: 'x', names: ['x'], notBefore: new Date(), notAfter: new Date() };
  writeFileSync(key(), issueCertificate(own).key);
}

const named = () => `[{ certificate: "${certificate()}", key: "${key()}" }]`;

test.each<[string, () => void, RegExp]>([
  ['is missing', () => rmSync(certificate()), /gate\.pem/],
  ['has another key', putKeyOfAnother, /gate\.(pem|key)/],
  ['is none', () => writeFileSync(certificate(), 'none'), /gate\.pem/],
])(
  'a certificate that %s keeps the gate from starting, and the file is named',
  async (_how, spoil, names) => {
    put('sip.example.com');
    spoil();
    const { code, output } = await drawbridge(
      ...['run', '--pbx', 'sip:127.0.0.1:5999', '--listen', 'tls:127.0.0.1:0'],
      ...['--http', '127.0.0.1:0', '--data', folder, '--set', `tls.certificates=${named()}`],
    );
    expect(code).toBe(1);
    expect(output).toMatch(names);
  },
);

describe('while it runs', () => {
  let pbx: Pbx;
  let gate: Gate;
  const phones: Phone[] = [];

  beforeEach(async () => {
    put('one.example.com');
    pbx = await aPbx({ address: ownAddress() });
    pbx.registersAll();
    gate = await startGate({ pbx: pbx.uri, settings: { 'tls.certificates': named() } });
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') console.log(gate.logs().slice(-4000));
    const closing = phones.splice(0).map((phone) => phone.close());
    await Promise.all([...closing, gate.close(), pbx.close()]);
  });

  /** Registers over a new connection, and says by which name the gate showed itself. */
  async function shown(): Promise<unknown> {
    const phone = await aPhone({ to: gate.tls, transport: 'tls', address: ownAddress() });
    phones.push(phone);
    await phone.register();
    return phone.gateCertificate?.subject.CN;
  }

  const says = (text: string | RegExp): Promise<void> =>
    expect.poll(() => gate.logs(), { timeout: 10_000 }).toMatch(text);

  test('one that goes, or gets another key, is not taken up: the old one serves until they fit', async () => {
    putKeyOfAnother();
    await says(/gate\.pem.*"msg":"a new certificate cannot be used; the old one stays"/);
    expect(await shown()).toBe('one.example.com');
    rmSync(certificate());
    await says(/ENOENT.*"msg":"a new certificate cannot be used; the old one stays"/);
    expect(await shown()).toBe('one.example.com');
    put('two.example.com');
    await says('certificate swapped');
    expect(await shown()).toBe('two.example.com');
  });

  test('one that has expired is served on, loudly: phones that do not look are not shut out', async () => {
    put('old.example.com', -3);
    await says(/"days":-[34],"msg":"a certificate HAS EXPIRED and is still served"/);
    expect(await shown()).toBe('old.example.com');
    const expires = 'drawbridge_certificate_expires_timestamp_seconds';
    const daysLeft = async () =>
      ((await metric(gate, `${expires}{certificate="old.example.com"}`)) * 1000 - Date.now()) /
      DAY_MS;
    await expect.poll(daysLeft, { timeout: 5000 }).toBeCloseTo(-3, 0);
  });
});
