import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { knowsRedis, startNode } from '../support/cluster.ts';
import { drawbridge } from '../support/drawbridge.ts';
import type { Gate } from '../support/gate-process.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';

/** Calls go on for so long: half of it before Redis fails. */
const LOAD_MS = 6000;
const CALL_EVERY_MS = 50;

/** As it ships, but for limits that would end a load by two phones. */
const settings = {
  'outbound.call-frequency.limits': '[{ calls: 1000, seconds: 1, each: extension }]',
  'outbound.concurrent-calls.extension': 500,
  'outbound.concurrent-calls.all': 1000,
  'outbound.unknown-numbers.mode': 'off',
  'outbound.allowed-countries.mode': 'off',
  'network.request-rates.mode': 'off',
  'network.stealth.mode': 'off', // strangers ask by OPTIONS here
};

let redis: RedisServer;
let pbx: Pbx;
let a: Gate;
let b: Gate;
let callers: Phone[];
const blocked = ownAddress();

beforeAll(async () => {
  redis = await startRedis();
  pbx = await aPbx({ address: ownAddress(), port: ownPorts.sip });
  pbx.registersAll();
  pbx.takesAllCalls();
  const node = (name: string) =>
    startNode(name, redis, { pbx: pbx.uri, rules: 'shipped', settings });
  a = await node('a');
  b = await node('b');
  await Promise.all([knowsRedis(a), knowsRedis(b)]);
  callers = [];
  for (const [user, gate] of [
    ['1001', a],
    ['1002', b],
  ] as const) {
    const phone = await aPhone({ to: gate.tcp, transport: 'tcp', user, address: ownAddress() });
    await phone.register();
    callers.push(phone);
  }
  await drawbridge('block', blocked, '--for', '1h', '--data', a.data);
  await sleep(1000);
});
afterAll(async () => {
  await Promise.all((callers ?? []).map((one) => one.close()));
  await Promise.all([a?.close(), b?.close(), pbx?.close()]);
  await redis?.close();
});

/** One caller after the other calls and hangs up; what became of each call, and how long its answer took. */
async function load(): Promise<{ readonly status: number; readonly tookMs: number }[]> {
  const calls: Promise<{ status: number; tookMs: number }>[] = [];
  const one = async (phone: Phone) => {
    const since = performance.now();
    const took = () => performance.now() - since;
    try {
      const call = await phone.invite('2000');
      const { status = 0 } = await call.final(8000);
      const tookMs = took();
      if (status === 200) await call.bye();
      return { status, tookMs };
    } catch {
      return { status: 0, tookMs: took() }; // its node died
    }
  };
  for (const end = performance.now() + LOAD_MS; performance.now() < end; await sleep(CALL_EVERY_MS))
    for (const phone of callers) calls.push(one(phone));
  return Promise.all(calls);
}

const isHeard = async (gate: Gate): Promise<boolean> => {
  const stranger = await aPhone({ to: gate.udp, address: blocked });
  const asked = stranger.request('OPTIONS', `sip:${gate.address}`);
  const heard = await stranger.finalAnswer(asked, 300).then(
    () => true,
    () => false,
  );
  await stranger.close();
  return heard;
};

test.each([
  ['dies', () => redis.kill(), () => redis.start()],
  ['hangs', async () => redis.signal('SIGSTOP'), async () => redis.signal('SIGCONT')],
  [
    'is full',
    () => redis.ask('config', 'set', 'maxmemory', '1'),
    () => redis.ask('config', 'set', 'maxmemory', '0'),
  ],
] as const)(
  'in mid-load Redis %s: no honest caller is refused, and nobody who is blocked gets in',
  async (_how, fail, mend) => {
    const loading = load();
    await sleep(LOAD_MS / 2);
    await fail();
    await knowsRedis(a, false);
    expect([await isHeard(a), await isHeard(b)]).toEqual([false, false]);
    const calls = await loading;
    const refused = calls.filter(({ status }) => status !== 200);
    const slowest = Math.max(...calls.map(({ tookMs }) => tookMs));
    console.log(`${calls.length} calls, the slowest answered after ${Math.round(slowest)} ms`);
    expect(refused).toEqual([]);
    await mend();
    await Promise.all([knowsRedis(a), knowsRedis(b)]);
    expect([await isHeard(a), await isHeard(b)]).toEqual([false, false]);
  },
);

test('one of two nodes dies in mid-load: the other serves on, and takes its callers', async () => {
  const loading = load();
  await sleep(LOAD_MS / 2);
  await b.kill();
  const [first, second] = callers;
  const moved = await aPhone({
    ...{ to: a.tcp, transport: 'tcp', user: '1002', domain: b.address },
    address: second?.address ?? '',
  });
  const call = await moved.invite('2000');
  expect((await call.final()).status).toBe(200);
  await call.bye();
  await moved.close();
  const more = await first?.invite('2000');
  expect((await more?.final())?.status).toBe(200);
  await more?.bye();
  await loading;
});
