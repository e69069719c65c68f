import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { drained, metric } from '../support/gate-health.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { ownAddress } from '../support/own-address.ts';
import { aRawPbx, type RawPbx } from '../support/raw-sip.ts';
import { udpWire } from '../support/sip-wire.ts';
import { mutant } from './mutate.ts';
import { Random } from './random.ts';
import { seeds } from './seeds.ts';

const DATAGRAMS = 20_000;
const CONNECTIONS = 500;
const PER_CONNECTION = 8;
const ANSWERS_WITHIN_MS = 1000;
/** After the first part of the fuzz has warmed everything up; a leak of one mutant each would be twice that. */
const MOST_GROWTH = 60e6;

let gate: Gate;
let pbx: RawPbx | undefined;

beforeAll(async () => {
  pbx = await aRawPbx(ownAddress());
  gate = await startGate({
    pbx: pbx.uri,
    settings: { 'limits.messageSeconds': 1, 'limits.connectionsPerSource': 1000 },
  });
}, 30_000);
afterAll(async () => {
  await gate?.close();
  await pbx?.close();
});

/**
 * With branches of its own, else nearly every mutant would pass for a repetition of an earlier one. Four in a row
 * share them, so that some ACKs and CANCELs still meet their INVITE, and some repetitions what they repeat.
 */
const fresh = (wire: string, seed: number): string =>
  wire.replaceAll('z9hG4bK', `z9hG4bK${Math.floor(seed / 4)}-`);

/** The gate serves a lawful phone, at once. `upTo` says which mutants it has seen when it does not. */
async function stillServes(phone: Phone, upTo: string): Promise<void> {
  try {
    const options = phone.request('OPTIONS', `sip:${gate.address}`);
    const answer = await phone.finalAnswer(options, ANSWERS_WITHIN_MS);
    expect(answer.status).toBe(200);
  } catch (cause) {
    throw new Error(`the gate does not answer after ${upTo}\n${gate.logs()}`, { cause });
  }
}

test(`${DATAGRAMS} mutant datagrams`, { timeout: 60_000 }, async () => {
  const stranger = await udpWire({ address: ownAddress(), port: 5060 }, () => {});
  const phone = await aPhone({ to: gate.udp });
  const burst = 50;
  let warm = 0;
  for (const wire of seeds) stranger.send(wire, gate.udp); // as they are, the RFC 4475 messages among them
  for (let seed = 1; seed <= DATAGRAMS; seed++) {
    stranger.send(fresh(mutant(seeds, new Random(seed)), seed), gate.udp);
    // and has read them all: what the socket's buffer drops would test nothing
    if (seed % burst === 0) await stillServes(phone, `seeds ${seed - burst + 1} to ${seed}`);
    if (seed === DATAGRAMS / 4) warm = await metric(gate, 'drawbridge_process_resident_bytes');
  }
  await stranger.close();
  await phone.close();
  const grown = (await metric(gate, 'drawbridge_process_resident_bytes')) - warm;
  expect(grown).toBeLessThan(MOST_GROWTH);
  // they must have arrived, and some have got through, or nothing was tried
  await vi.waitFor(
    async () =>
      expect(await metric(gate, 'drawbridge_requests_total')).toBeGreaterThan(DATAGRAMS / 2),
    5000, // what the gate has counted it tells once a second
  );
  expect(pbx?.heard.length).toBeGreaterThan(DATAGRAMS / 20);
});

test(`${CONNECTIONS} connections with mutants cut anywhere`, { timeout: 60_000 }, async () => {
  const open = async (seed: number) => {
    const random = new Random(1_000_000 + seed);
    const socket = connect({ host: gate.tcp.address, port: gate.tcp.port, noDelay: true });
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'connect').catch(() => {});
    for (let count = 0; count < PER_CONNECTION && socket.writable; count++) {
      const wire = fresh(mutant(seeds, random), 1_000_000 + seed * PER_CONNECTION + count);
      const cut = random.below(wire.length);
      socket.write(wire.slice(0, cut), 'latin1');
      if (random.below(3) === 0) await sleep(1);
      socket.write(wire.slice(cut), 'latin1');
    }
    await sleep(random.below(20));
    if (random.below(2) === 0) socket.destroy();
    else socket.end();
    await Promise.race([once(socket, 'close').catch(() => {}), sleep(300)]);
    socket.destroy();
  };
  const phone = await aPhone({ to: gate.udp });
  const atOnce = 50;
  for (let seed = 0; seed < CONNECTIONS; seed += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, (_, index) => open(seed + index)));
    await stillServes(phone, `connections ${seed} to ${seed + atOnce - 1}`);
  }
  await phone.close();
});

test('a phone registers as if nothing had been', async () => {
  const phone = await aPhone({ to: gate.udp });
  const register = phone.request('REGISTER', `sip:${gate.address}`);
  expect((await phone.finalAnswer(register, ANSWERS_WITHIN_MS)).status).toBe(200);
  await phone.close();
  expect(gate.logs()).not.toMatch(/a fault in the gate itself|"level":"(error|fatal)"/);
});

test('every transaction ends, every connection is gone', { timeout: 60_000 }, async () => {
  await drained(gate, 50_000);
  // the gate may hold one to the PBX, for requests too large for UDP: it goes with the PBX
  await pbx?.close();
  pbx = undefined;
  await vi.waitFor(async () => expect(await metric(gate, 'drawbridge_connections')).toBe(0), 5000);
});
