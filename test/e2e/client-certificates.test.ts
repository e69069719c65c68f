import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { issueCertificate } from '../../src/engine/transport/certificate/issue-certificate.ts';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { isRegistrar } from '../support/a-registrar.ts';
import { drawbridge } from '../support/drawbridge.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';

const DAY_MS = 86_400_000;
const valid = {
  notBefore: new Date(Date.now() - DAY_MS),
  notAfter: new Date(Date.now() + 90 * DAY_MS),
};
const anAuthority = () =>
  issueCertificate({ commonName: 'phones', names: [], authority: true, ...valid });
const ours = anAuthority();

/** What a client that has a certificate with this name shows. */
function withName(name: string, issuer = ours) {
  const { certificate, key } = issueCertificate({
    ...{ commonName: name, names: [name], issuer },
    ...valid,
  });
  return { cert: certificate, key };
}

const folder = mkdtempSync(join(tmpdir(), 'client-certificates-'));
const gateAddress = ownAddress();
const carrier = ownAddress();
const parties: Phone[] = [];
let pbx: Pbx;
let gate: Gate;

beforeAll(async () => {
  const authorities = join(folder, 'ca.pem');
  writeFileSync(authorities, ours.certificate);
  pbx = await aPbx({ address: ownAddress() });
  isRegistrar(pbx, { passwords: { 1007: 'secret1007' }, wrong: 403, unknown: 403 });
  pbx.always('INVITE', (invite) => pbx.answer(invite, 486));
  gate = await startGate({
    ...{ pbx: pbx.uri, address: gateAddress, rules: 'shipped' },
    listen: 'as written',
    routes: {
      'listeners.yaml': JSON.stringify({
        listeners: [
          { listen: `udp:${gateAddress}:${ownPorts.sip}` },
          { listen: `tls:${gateAddress}:${ownPorts.sips}`, clientCertificate: 'ask' },
          { listen: `tls:${gateAddress}:${ownPorts.wss}`, clientCertificate: 'require' },
        ],
        tls: { authorities },
      }),
      'trunks.yaml': JSON.stringify({
        trunks: [{ name: 'carrier', uri: `sip:${carrier}:5999`, certificateName: 'carrier.test' }],
      }),
    },
    policies: {
      'extensions.yaml': JSON.stringify({
        extensions: { defaults: { certificateName: '{extension}.example.com' } },
      }),
    },
  });
}, 60_000);
afterEach(async () => {
  pbx.received.length = 0;
  await Promise.all(parties.splice(0).map((one) => one.close()));
});
afterAll(async () => {
  await gate?.close();
  await pbx?.close();
  rmSync(folder, { recursive: true });
});

async function connected(user: string, address: string, tls: object = {}, to = gate.tls) {
  const options = { user, password: `secret${user}`, address, transport: 'tls' } as const;
  const one = await aPhone({ ...options, to, tls });
  parties.push(one);
  return one;
}

describe('a phone (R11)', () => {
  test('that has the certificate of its extension registers', async () => {
    const phone = await connected('1007', ownAddress(), withName('1007.example.com'));
    expect((await phone.register()).status).toBe(200);
    await phone.unregister();
  });

  test.each([
    ['no certificate', {}],
    ["another's certificate", withName('1008.example.com')],
    ['one that nobody vouches for', withName('1007.example.com', anAuthority())],
  ])('that has %s does not, be its password right', async (_what, tls) => {
    const phone = await connected('1007', ownAddress(), tls);
    expect((await phone.tryToRegister()).status).toBe(401);
    const refused = ['events', '--reason', 'certificate-wrong', '--source', phone.address];
    await expect
      .poll(async () => (await drawbridge(...refused, '--data', gate.data)).output, {
        timeout: 10_000,
      })
      .toMatch(/1007 .*certificate-wrong, by client-certificate/);
  });

  test('without one has no connection where the listener requires it, and one with it has', async () => {
    const required = { address: gateAddress, port: ownPorts.wss };
    const phone = await connected('1007', ownAddress(), withName('1007.example.com'), required);
    expect((await phone.register()).status).toBe(200);
    await phone.unregister();
    const stranger = await connected('1007', ownAddress(), {}, required);
    await stranger.disconnected();
  });
});

describe('a carrier (I1)', () => {
  const calls = async (tls: object): Promise<number> => {
    const one = await connected('+4989123456', carrier, tls);
    const call = await one.invite('030999999');
    return (await call.final()).status ?? 0;
  };

  test('that has its certificate brings a call', async () => {
    expect(await calls(withName('carrier.test'))).toBe(486);
    expect(pbx.received.filter(({ method }) => method === 'INVITE')).toHaveLength(1);
  });

  test.each([
    ['without it', {}],
    ["with another's", withName('1007.example.com')],
  ])('%s brings none', async (_what, tls) => {
    expect(await calls(tls)).toBe(403);
    expect(pbx.received.filter(({ method }) => method === 'INVITE')).toEqual([]);
  });
});
