import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { drawbridge } from '../support/drawbridge.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';
import type { Received } from '../support/sip-party.ts';

const PHONES = 1000;
const STRANGERS = 200;
/** What a phone waits for an answer before it asks again. */
const PATIENCE_MS = 4000;
const WITHIN_MS = 30_000;

let pbx: Pbx;
let gate: Gate;
const office = ownAddress();
const phones: Phone[] = [];
const strangers: Phone[] = [];

/** Asks for a password first, as a PBX does, and takes any. */
function answerAsARegistrar(): void {
  pbx.always('REGISTER', (request) => {
    if (request.header('Authorization') === undefined)
      pbx.answer(request, 401, {
        headers: { 'WWW-Authenticate': 'Digest realm="pbx", nonce="of the PBX"' },
      });
    else
      pbx.answer(request, 200, {
        headers: { Contact: request.list('Contact').map((contact) => `${contact};expires=300`) },
      });
  });
}

/** As a phone does: until it is registered it asks again, when it was told to or after a while. */
async function getIn(phone: Phone, givesUp: () => boolean): Promise<void> {
  phone.forget();
  while (!givesUp()) {
    const answer = await registering(phone);
    if (answer?.status === 200) return;
    const seconds = Number(answer?.header('Retry-After') ?? 0);
    await sleep(seconds > 0 ? seconds * 1000 : 200);
  }
  throw new Error(`${phone.identity.user} did not get in`);
}

const untilAfter = (ms: number): (() => boolean) => {
  const at = performance.now() + ms;
  return () => performance.now() > at;
};

const registering = (phone: Phone): Promise<Received | undefined> =>
  Promise.race([phone.tryToRegister().catch(() => undefined), sleep(PATIENCE_MS, undefined)]);

const userOf = ({ header }: Received): string | undefined =>
  /sip:([^@]+)@/.exec(header('To') ?? '')?.[1];

beforeAll(async () => {
  pbx = await aPbx({ address: ownAddress() });
  answerAsARegistrar();
  gate = await startGate({
    pbx: pbx.uri,
    rules: 'shipped',
    settings: {
      // as shipped, but for the port that tests use
      'network.automatic-defence.rates': `[{ port: ${ownPorts.sip}, protocol: udp, packets: 120, seconds: 60 }, { port: ${ownPorts.sip}, protocol: udp, packets: 40, seconds: 2 }]`,
      // here they register for the first time within seconds
      'network.request-rates.sites.register': '{ perSecond: 1000, burst: 3000 }',
      // strangers use up their part of what ships: 40 at once, then 10 a second
      'registration.pbx-pace.strangersPercent': 2,
    },
  });
  const open = (user: string, address: string) =>
    aPhone({ user, address, to: gate.udp, password: 'secret' });
  for (let number = 0; number < PHONES; number++)
    phones.push(await open(String(1000 + number), office));
  for (let number = 0; number < STRANGERS; number++)
    strangers.push(await open(`stranger${number}`, ownAddress()));
}, 60_000);
afterAll(async () => {
  await Promise.all([...phones, ...strangers].map((phone) => phone.close()));
  await gate?.close();
  await pbx?.close();
});

describe('a thousand phones behind one address (N13)', () => {
  test('get in the first time', async () => {
    const [first] = phones;
    const tooLate = untilAfter(2 * WITHIN_MS);
    // from now on the address is one that a phone is registered from
    if (first !== undefined) await getIn(first, tooLate);
    for (let at = 0; at < PHONES; at += 100)
      await Promise.all(phones.slice(at, at + 100).map((phone) => getIn(phone, tooLate)));
    expect(await gate.status()).toContain(`Registrations: ${PHONES.toLocaleString('en')}`);
  }, 90_000);

  test('are back within 30 s after an outage, all at once; none is blocked, and strangers wait', async () => {
    await gate.restart();
    pbx.received.length = 0;
    const began = performance.now();
    const tooLate = untilAfter(WITHIN_MS);
    let isOver = false;
    const waiting = strangers.map((stranger) => getIn(stranger, () => isOver || tooLate()));
    await Promise.all(phones.map((phone) => getIn(phone, tooLate)));
    const took = performance.now() - began;
    isOver = true;
    await Promise.allSettled(waiting);
    console.log(`all are back after ${Math.round(took)} ms`);

    // what the gate repeats because the PBX is slow here counts once
    const asked = new Map(
      pbx.received
        .filter(({ method }) => method === 'REGISTER')
        .map((request) => [request.branch, request]),
    );
    const byStrangers = [...asked.values()].filter((request) =>
      userOf(request)?.startsWith('stranger'),
    );
    const seconds = (performance.now() - began) / 1000;
    expect(took).toBeLessThan(WITHIN_MS);
    expect(asked.size).toBeGreaterThanOrEqual(2 * PHONES);
    expect(asked.size).toBeLessThanOrEqual(2000 + 500 * (seconds + 1));
    expect(byStrangers.length).toBeLessThanOrEqual(40 + 10 * (seconds + 1));
    expect((await drawbridge('blocks', '--data', gate.data)).output).not.toContain(office);
  });
});
