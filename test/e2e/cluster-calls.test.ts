import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { knowsNode, knowsRedis, startNode } from '../support/cluster.ts';
import type { Gate } from '../support/gate-process.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import type { SipCall } from '../support/sip-call.ts';

const MOST = 4;
const LEASE_MS = 1500;

const rules = {
  'outbound.concurrent-calls.all': MOST,
  'outbound.concurrent-calls.extension': 100,
  'outbound.call-frequency.mode': 'off',
  // a machine that runs tests may be slow
  'cluster.redis.leaseMs': LEASE_MS,
  'outbound.unknown-numbers.mode': 'off',
  'outbound.allowed-countries.mode': 'off',
};

describe.each(['open', 'closed'] as const)('a limit on all nodes together, %s', (whenAlone) => {
  let redis: RedisServer;
  let pbx: Pbx;
  let a: Gate;
  let b: Gate;
  let alice: Phone;
  let bob: Phone;
  const live: SipCall[] = [];

  const node = (name: string, address = ownAddress()) =>
    startNode(name, redis, {
      ...{ pbx: pbx.uri, rules: 'shipped', address },
      settings: { ...rules, 'outbound.concurrent-calls.whenAlone': whenAlone },
    });
  async function phone(user: string, gate: Gate): Promise<Phone> {
    const one = await aPhone({ to: gate.tcp, transport: 'tcp', user, address: ownAddress() });
    one.always('BYE', (bye) => one.answer(bye, 200));
    await one.register();
    return one;
  }

  beforeAll(async () => {
    redis = await startRedis();
    pbx = await aPbx({ address: ownAddress(), port: ownPorts.sip });
    pbx.registersAll();
    pbx.takesAllCalls();
    a = await node('a');
    b = await node('b');
    await Promise.all([knowsRedis(a), knowsRedis(b), knowsNode(a, 'b'), knowsNode(b, 'a')]);
    alice = await phone('1001', a);
    bob = await phone('1002', b);
  });
  afterAll(async () => {
    await Promise.all([alice?.close(), bob?.close()]);
    await Promise.all([a?.close(), b?.close(), pbx?.close()]);
    await redis?.close();
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') console.log(a.logs().slice(-3000), b.logs().slice(-3000));
    await Promise.all(live.splice(0).map((call) => call.bye()));
    await sleep(500); // the other node knows that they are over
  });

  /** What became of a call, and how long that took; it is live when it was answered. */
  async function call(caller: Phone): Promise<{ status: number; tookMs: number }> {
    const since = performance.now();
    const made = await caller.invite('2000');
    const { status = 0 } = await made.final();
    if (status === 200) live.push(made);
    return { status, tookMs: performance.now() - since };
  }
  const calls = async (caller: Phone, count: number) =>
    (await Promise.all(Array.from({ length: count }, () => call(caller)))).map(
      ({ status }) => status,
    );
  const answered = (statuses: readonly number[]) => statuses.filter((one) => one === 200).length;

  test('is kept, whichever node a call comes to; a place that is free on one is free on all', async () => {
    expect(await calls(alice, 2)).toEqual([200, 200]);
    expect(await calls(bob, 2)).toEqual([200, 200]);
    expect(await calls(bob, 1)).toEqual([486]);
    expect(await calls(alice, 1)).toEqual([486]);
    await live.shift()?.bye();
    await expect.poll(() => calls(bob, 1), { interval: 100, timeout: 10_000 }).toEqual([200]);
  });

  test('is not exceeded by one call when many come to both at once', async () => {
    for (let round = 0; round < 5; round++) {
      const statuses = (await Promise.all([calls(alice, 6), calls(bob, 6)])).flat();
      expect(answered(statuses)).toBe(MOST);
      await Promise.all(live.splice(0).map((one) => one.bye()));
      await sleep(500);
    }
  });

  test('without Redis: each node counts its own, or refuses, as set; nobody waits long', async () => {
    redis.signal('SIGSTOP');
    const first = await call(alice);
    // the answer of Redis is late, and the setting decides
    expect(first.status).toBe(whenAlone === 'open' ? 200 : 503);
    expect(first.tookMs).toBeLessThan(LEASE_MS + 1000);
    await knowsRedis(a, false);
    await knowsRedis(b, false);
    const statuses = (await Promise.all([calls(alice, MOST), calls(bob, MOST)])).flat();
    if (whenAlone === 'closed') expect(new Set(statuses)).toEqual(new Set([503]));
    else expect(answered(statuses)).toBe(MOST - 1 + MOST);
    redis.signal('SIGCONT');
    await Promise.all([knowsRedis(a), knowsRedis(b)]);
    await sleep(500);
    // more than there may be is not ended, but nothing is added
    expect(await calls(bob, 1)).toEqual([whenAlone === 'open' ? 486 : 200]);
    await Promise.all(live.splice(0).map((one) => one.bye()));
    await expect.poll(() => calls(alice, 1), { interval: 200, timeout: 10_000 }).toEqual([200]);
  });

  test('a Redis that begins anew is told what is live', async () => {
    expect(await calls(alice, MOST)).toEqual([200, 200, 200, 200]);
    await redis.kill();
    await knowsRedis(b, false);
    await redis.start();
    await Promise.all([knowsRedis(a), knowsRedis(b)]);
    await sleep(500);
    expect(await calls(bob, 1)).toEqual([486]);
  });

  test('the places of a node that dies are free within ten seconds', async () => {
    expect(await calls(bob, 3)).toEqual([200, 200, 200]);
    await b.kill();
    live.length = 0;
    expect(await calls(alice, 2)).toEqual([200, 486]);
    await expect.poll(() => calls(alice, 1), { timeout: 12_000, interval: 500 }).toEqual([200]);
    expect(await calls(alice, MOST - 2)).toEqual([200, 200]);
    expect(await calls(alice, 1)).toEqual([486]);
  });
});
