import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataDirectoryAt } from '../../src/control/data-directory.ts';
import { readOrMakePinKey } from '../../src/control/secret-keys.ts';
import { hashPin } from '../../src/edge/pin-check.ts';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { asksCallers, isRegistrar } from '../support/a-registrar.ts';
import { drawbridge } from '../support/drawbridge.ts';
import { aForger, type Forger, mayForge } from '../support/forged-datagram.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { ownAddress } from '../support/own-address.ts';

/** A forger knows the address of a customer, and by trying all of them the port. He hears nothing of what he is told. */

const PIN = '471108';
/** Four rounds take seconds; FORGE_FOR_SECONDS=600 has it go on for ten minutes. */
const AT_LEAST_ROUNDS = 4;
const LASTING_MS = Number(process.env.FORGE_FOR_SECONDS ?? 0) * 1000;
const passwords = { 1001: 'right' };
const customer = ownAddress();
const data = mkdtempSync(join(tmpdir(), 'forged-'));

let pbx: Pbx;
let gate: Gate;
let phone: Phone;
let forger: Forger;

beforeAll(async () => {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const pinKey = readOrMakePinKey(dataDirectoryAt(data));
  pbx = await aPbx();
  isRegistrar(pbx, { passwords });
  asksCallers(pbx, passwords, (invite) => void pbx.accept(invite).catch(() => {}));
  pbx.always('BYE', (bye) => pbx.answer(bye, 200));
  const pins = { anna: { hash: hashPin(PIN, 's'.repeat(22), pinKey) } };
  const outboundRoutes = [
    { name: 'abroad', patterns: ['00.'], pin: 'any', trunks: ['carrier'] },
    { name: 'national', patterns: ['0Z.'], trunks: ['carrier'] },
  ];
  gate = await startGate({
    ...{ pbx: pbx.uri, rules: 'shipped', data },
    settings: {
      'site.homeCountry': 'GB',
      'outbound.allowed-countries.countries': '[AT]',
      'network.overload.mode': 'off', // another test's load is no matter here
    },
    policies: { 'pins.yaml': JSON.stringify({ pins }) },
    routes: {
      'outbound.yaml': JSON.stringify({ outboundRoutes }),
      'trunks.yaml': JSON.stringify({ trunks: [{ name: 'carrier', uri: 'sip:127.0.0.2:5999' }] }),
    },
  });
  phone = await aPhone({ to: gate.udp, address: customer, password: 'right' });
  if (mayForge) forger = aForger(customer, gate.udp);
});
afterAll(async () => {
  await forger?.close();
  await phone?.close();
  await gate?.close();
  await pbx?.close();
  rmSync(data, { recursive: true });
});

let serial = 0;
function request(
  method: string,
  user: string,
  headers: readonly string[] = [],
  port = 5060,
): string {
  serial++;
  const host = gate.udp.address;
  return [
    `${method} sip:${user}${user === '' ? '' : '@'}${host} SIP/2.0`,
    `Via: SIP/2.0/UDP ${customer}:${port};branch=z9hG4bKforged${serial};rport`,
    `From: <sip:1001@${host}>;tag=f${serial}`,
    `To: <sip:${method === 'REGISTER' ? '1001' : user}@${host}>`,
    `Call-ID: forged-${serial}`,
    `CSeq: ${serial} ${method}`,
    `Contact: <sip:1001@${customer}:${port}>`,
    'Max-Forwards: 70',
    ...headers,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}
const credentials = (method: string): string =>
  `${method}: Digest username="1001", realm="pbx", nonce="0123456789abcdef", uri="sip:x", response="${'0'.repeat(32)}"`;

/** One of everything that he can write. */
const everything = (port: number): readonly string[] => [
  ...['1', '22', '333', '4444', '55555'].flatMap((pin) => [
    request('REFER', '1002', [`Refer-To: <sip:${pin}9*004312345678@${gate.udp.address}>`], port),
    // with a To tag and a Route of the gate it looks like one inside a call
    request(
      'INVITE',
      `${pin}8*004312345678`,
      [`Route: <sip:x@${gate.udp.address}:${gate.udp.port};lr>`],
      port,
    ).replace(/To: <[^>]*>/, '$&;tag=x'),
  ]),
  request('REGISTER', '', [], port),
  request('REGISTER', '', [credentials('Authorization')], port),
  request('REGISTER', '', ['Expires: 0', credentials('Authorization')], port).replace(
    /Contact: .*/,
    'Contact: *',
  ),
  ...Array.from({ length: 6 }, () => request('INVITE', '02079460123', [], port)),
  request('INVITE', '1002', [credentials('Authorization')], port),
  ...['1', '22', '333', '4444'].map((pin) => request('INVITE', `${pin}*004312345678`, [], port)),
  request('INVITE', '02079460123', ['User-Agent: friendly-scanner'], port),
  request('INVITE', "1' or '1'='1", [], port),
  request('OPTIONS', '', [], port),
  request('MESSAGE', '1002', [], port),
  request('SUBSCRIBE', '1002', ['Event: presence'], port),
  request('BYE', '1002', [], port),
  request('CANCEL', '1002', [], port),
  request('INFO', '1002', [], port).replace(/To: <[^>]*>/, '$&;tag=x'),
  request('REFER', '1002', ['Refer-To: <sip:0900123@x>'], port),
  request('OPTIONS', '', [], port).replace('Max-Forwards: 70', 'Max-Forwards: many'),
  'GET / HTTP/1.1\r\n\r\n',
  '\0\x01\x02'.repeat(100),
  '\r\n\r\n',
];

/** What is not answered within so long is asked again. */
const AGAIN_MS = 3000;
/** A phone repeats what is not answered; this one does not, and a busy machine loses a datagram now and then. */
async function patiently(ask: () => Promise<number | undefined>): Promise<number | undefined> {
  for (let left = 3; left > 0; left--) {
    const status = await ask().catch(() => undefined);
    if (status !== undefined) return status;
  }
  return ask();
}
const registers = () =>
  patiently(async () => (await phone.tryToRegister({ within: AGAIN_MS })).status);
/** What becomes of a call: its status, once it is over. */
const calls = (number: string) =>
  patiently(async () => {
    await sleep(250); // a person makes no more than five in a second
    const call = await phone.invite(number);
    const { status } = await call.final(AGAIN_MS);
    if (status === 200) await call.bye().catch(() => {});
    return status;
  });

test.runIf(mayForge)(
  'a forger of everything in a customer’s address costs him no call and no registration',
  async () => {
    expect(await registers()).toBe(200);
    expect(await calls('02079460123')).toBe(200);
    const { port } = phone;
    let goesOn = true;
    const forging = (async () => {
      for (let round = 0; goesOn; round++) {
        for (const text of everything(port)) forger.send(round % 2 === 0 ? port : 5060, text);
        await sleep(100);
      }
    })();
    await sleep(1000); // every allowance that he can use up is used up
    const became: (number | undefined)[] = [];
    const until = Date.now() + LASTING_MS;
    try {
      for (let round = 0; round < AT_LEAST_ROUNDS || Date.now() < until; round++) {
        became.push(await registers());
        became.push(await calls('02079460123'));
        became.push(await calls(`${PIN}*004312345678`));
      }
    } finally {
      goesOn = false;
      await forging;
    }
    expect(became.filter((status) => status !== 200)).toEqual([]);
    expect(became.length).toBeGreaterThanOrEqual(3 * AT_LEAST_ROUNDS);
    const blocks = await drawbridge('blocks', '--data', data);
    expect(blocks.output).not.toContain(customer);
    const locked = await drawbridge('events', '--reason', 'pin-locked', '--data', data);
    expect(locked.output).not.toContain('1001');
    expect(await gate.metrics()).toMatch(/^drawbridge_attacks_total\{kind="many-sources"\} 0$/m);
  },
  LASTING_MS + 60_000,
);

test('his own wrong PINs count: he shows who he is before he is told that they are wrong', async () => {
  expect(await registers()).toBe(200);
  for (let wrong = 1; wrong <= 5; wrong++) expect(await calls(`${wrong}*004312345678`)).toBe(403);
  expect(await calls(`${PIN}*004312345678`)).toBe(403);
  expect(await calls('02079460123')).toBe(200);
});
