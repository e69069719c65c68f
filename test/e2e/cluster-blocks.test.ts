import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { askGate } from '../../src/control/ask.ts';
import { dataDirectoryAt } from '../../src/control/data-directory.ts';
import type { FoundBlocks } from '../../src/data/messages.ts';
import type { FoundBlock } from '../../src/limits/block-entry.ts';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { knowsRedis, startNode } from '../support/cluster.ts';
import { drawbridge } from '../support/drawbridge.ts';
import type { Gate } from '../support/gate-process.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { sipp } from '../support/sipp.ts';

/** The block that an address is in, on this node. */
async function blockOf({ data }: Gate, address = ''): Promise<FoundBlock | undefined> {
  const ask = { command: 'blocks', search: address, rows: 1 } as const;
  return (await askGate<FoundBlocks>(dataDirectoryAt(data).socket, ask)).rows[0];
}

const lists = async (gate: Gate, address = ''): Promise<boolean> =>
  (await blockOf(gate, address)) !== undefined;

/** How long until it holds, in milliseconds; rejects when it does not within ten seconds. */
async function timeUntil(holds: () => Promise<boolean>): Promise<number> {
  const since = performance.now();
  while (!(await holds())) {
    if (performance.now() - since > 10_000) throw new Error('not within 10 s');
    await sleep(10);
  }
  return performance.now() - since;
}

/** Who is blocked is not answered; who is not is nearly always answered sooner. */
const SILENCE_MS = 150;

describe('two nodes', () => {
  let redis: RedisServer;
  let pbx: Pbx;
  let a: Gate;
  let b: Gate;
  const phones: Phone[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    pbx = await aPbx({ address: ownAddress(), port: ownPorts.sip });
    pbx.registersAll();
    const settings = {
      'cluster.redis.drachtioBlacklist': 'drachtio:blacklist',
      'network.stealth.mode': 'off', // strangers ask by OPTIONS here
    };
    a = await startNode('a', redis, { pbx: pbx.uri, rules: 'shipped', settings });
    b = await startNode('b', redis, { pbx: pbx.uri, rules: 'shipped', settings });
    await Promise.all([knowsRedis(a), knowsRedis(b)]);
  });
  afterAll(async () => {
    await Promise.all([a?.close(), b?.close(), pbx?.close()]);
    await redis?.close();
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') console.log(a.logs().slice(-3000), b.logs().slice(-3000));
    await Promise.all(phones.splice(0).map((one) => one.close()));
  });

  const block = (gate: Gate, address = '', time = '1h') =>
    drawbridge('block', address, '--for', time, '--why', 'test', '--data', gate.data);
  const unblock = (gate: Gate, address = '') => drawbridge('unblock', address, '--data', gate.data);

  /** Does this node hear who comes from there? Over UDP, from a port of its own each time. */
  async function hears(gate: Gate, address = '', within = SILENCE_MS): Promise<boolean> {
    const phone = await aPhone({ to: gate.udp, address });
    phones.push(phone);
    const sent = phone.request('OPTIONS', `sip:${gate.address}`);
    return phone.finalAnswer(sent, within).then(
      () => true,
      () => false,
    );
  }

  test('know of each other', async () => {
    await expect
      .poll(() => a.status(), { timeout: 10_000 })
      .toMatch(/Cluster\n +a +shared through Redis.*\n +b +sip:/);
    expect(await b.metrics()).toMatch(/^drawbridge_cluster_nodes 2$/m);
  });

  test('a block on one is enforced on the other within a second, and so is that it is lifted', async () => {
    const address = ownAddress();
    expect(await hears(b, address, PATIENCE_MS)).toBe(true);
    await block(a, address);
    // how long the command took to end is on top; each look takes up to as long as silence is listened to
    expect(await timeUntil(async () => !(await hears(b, address)))).toBeLessThan(1000);
    await unblock(b, address);
    expect(await timeUntil(() => hears(a, address))).toBeLessThan(1000);
  });

  test('what a rule blocked is blocked on both; drachtio-servers are told too, until it ends', async () => {
    const address = ownAddress();
    await sipp('attack/scanner-meets-silence', {
      ...{ target: a.tcp, transport: 'tcp', address, keywords: { ua: 'friendly-scanner' } },
    }).catch(() => {}); // cut off in the middle of it
    await timeUntil(() => lists(b, address));
    const members = () => redis.ask('smembers', 'drachtio:blacklist');
    await expect.poll(members, { timeout: 10_000 }).toContain(address);
    await unblock(b, address);
    await expect.poll(members, { timeout: 10_000 }).not.toContain(address);
  });

  test('an hour on one and a day on the other is a day on both', async () => {
    const address = ownAddress();
    await block(a, address);
    await block(b, address, '24h');
    const hours = async (gate: Gate) =>
      ((await blockOf(gate, address))?.until ?? 0) - Date.now() > 3_700_000;
    const both = async () => [await hours(a), await hours(b)];
    await expect.poll(both, { timeout: 10_000 }).toEqual([true, true]);
  });

  test('without Redis both serve on, say so, and agree within ten seconds when it is back', async () => {
    const [before, onA, onB, lifted] = [1, 2, 3, 4].map(() => ownAddress());
    for (const one of [before, lifted]) await block(a, one);
    await timeUntil(() => lists(b, lifted));

    await redis.kill();
    await Promise.all([knowsRedis(a, false), knowsRedis(b, false)]);
    expect(await (await fetch(`http://${a.http}/readyz`)).text()).toMatch(
      /^ok\nnote: Redis is lost \(it c/,
    );
    expect(await a.status()).toContain('Redis is lost');
    await block(a, onA);
    await block(b, onB);
    await unblock(b, lifted);
    expect(await hears(b, before)).toBe(false);
    expect(await hears(b, onB)).toBe(false);
    expect(await hears(b, ownAddress(), PATIENCE_MS)).toBe(true);

    await redis.start(); // empty
    const agreed = await timeUntil(async () => {
      const seen = await Promise.all(
        [a, b].map(async (gate) =>
          Promise.all([before, onA, onB, lifted].map((one) => lists(gate, one))),
        ),
      );
      return JSON.stringify(seen) === JSON.stringify([1, 2].map(() => [true, true, true, false]));
    });
    console.log(`agreed after ${Math.round(agreed)} ms`);
    const told = await drawbridge('events', '--kind', 'cluster', '--data', a.data);
    expect(told.output).toMatch(/Redis is lost/);
    expect(told.output).toMatch(/Redis is reached/);
  });

  test('a Redis that hangs holds nobody up, and one that is full is said to be', async () => {
    redis.signal('SIGSTOP');
    await knowsRedis(a, false);
    expect(await hears(a, ownAddress(), PATIENCE_MS)).toBe(true);
    redis.signal('SIGCONT');
    await knowsRedis(a);
    await redis.ask('config', 'set', 'maxmemory', '1');
    await knowsRedis(a, false);
    expect(await a.status()).toContain('it is full');
    const address = ownAddress();
    await block(a, address);
    await redis.ask('config', 'set', 'maxmemory', '0');
    await timeUntil(() => lists(b, address));
  });

  test('a node that lost its disk has the blocks again; one that is gone is said to be', async () => {
    const address = ownAddress();
    await block(b, address);
    await timeUntil(() => lists(a, address));
    await b.kill();
    await expect.poll(() => a.status(), { timeout: 10_000 }).not.toMatch(/\n +b +sip:/);
    const again = await startNode('b', redis, { pbx: pbx.uri, address: b.address });
    try {
      expect(again.data).not.toBe(b.data);
      await timeUntil(() => lists(again, address));
    } finally {
      await again.close();
    }
  });
});
