import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  aProgramServer,
  type ProgramServer,
  type RunningProgram,
} from '../contract/programs/program-server.ts';
import { drained, metric } from '../support/gate-health.ts';
import type { Gate } from '../support/gate-process.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';
import { type SippServer, sipp, sippServer } from '../support/sipp.ts';

/** The full length of it: PROGRAM_LOAD_SECONDS=60 PROGRAM_LOAD_RATE=200 */
const SECONDS = Number(process.env.PROGRAM_LOAD_SECONDS ?? 5);
const RATE = Number(process.env.PROGRAM_LOAD_RATE ?? 60);
const HELD = 200;
const SIPP_PORT = 5070;

/** A B2BUA written with drachtio-srf, on the gate, between two SIPps. */
let server: ProgramServer;
let gate: Gate;
const answering = ownAddress();

beforeAll(async () => {
  server = await aProgramServer();
  if (server.gate === undefined) throw new Error('this is about the gate');
  gate = server.gate;
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const b2bua = () => server.program('b2bua', { args: [`${answering}:${ownPorts.sip}`] });
const callee = (): Promise<SippServer> =>
  sippServer('load/answer', {
    address: answering,
    load: true,
    withinSeconds: SECONDS + 120,
    patienceMs: 60_000,
  });

/** Neither in the program nor in the gate. */
const nothingIsLeft = (program: RunningProgram): Promise<void> =>
  vi.waitFor(async () => {
    program.process.signal('SIGUSR2');
    expect(await program.says('left')).toMatchObject({ dialogs: 0, pending: 0 });
    const { programs } = await gate.told();
    expect(programs?.rows).toMatchObject([{ requests: 0, calls: 0 }]);
  }, 10_000);

test(`${SECONDS} s of calls at ${RATE} a second: none fails and none is left behind`, {
  timeout: (SECONDS + 120) * 1000,
}, async () => {
  await using program = await b2bua();
  const called = await callee();
  const calls = SECONDS * RATE;
  await sipp('load/call', {
    target: gate.udp,
    calls,
    rate: RATE,
    atOnce: 10 * RATE,
    holdMs: 1000,
    load: true,
    withinSeconds: SECONDS + 60,
  });
  await called.done();
  expect(program.said('connected-call')).toHaveLength(calls);
  expect(program.said('failed')).toEqual([]);
  await nothingIsLeft(program);
  expect(gate.logs()).not.toMatch(/"level":"(error|fatal)"/);
});

test('the calls of a program that is killed are ended on both sides, and a new program takes over', {
  timeout: 120_000,
}, async () => {
  const program = await b2bua();
  const called = await callee();
  const held = sipp('load/held-call', {
    target: gate.udp,
    calls: HELD,
    rate: 100,
    atOnce: HELD,
    load: true,
    patienceMs: 60_000,
    port: SIPP_PORT,
  });
  await expect.poll(() => program.said('connected-call').length, { timeout: 20_000 }).toBe(HELD);
  await program.kill();
  await held; // each was told BYE
  await called.done();
  await using next = await b2bua();
  const again = await callee();
  await sipp('load/call', { target: gate.udp, calls: 20, rate: 20, holdMs: 100 });
  await again.done();
  expect(next.said('connected-call')).toHaveLength(20);
  await nothingIsLeft(next);
});

test('the gate is at rest again', { timeout: 60_000 }, async () => {
  await drained(gate, 50_000);
  expect(await metric(gate, 'drawbridge_calls')).toBe(0);
  expect(gate.logs()).not.toMatch(/"level":"(error|fatal)"/);
});
