import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone } from '../support/a-phone.ts';
import { isRegistrar } from '../support/a-registrar.ts';
import { knowsRedis, startNode } from '../support/cluster.ts';
import { drawbridge } from '../support/drawbridge.ts';
import type { Gate } from '../support/gate-process.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';

/** So long until one node knows what happened on another, and some slack. */
const KNOWN_MS = 1500;

const settings = {
  'outbound.call-frequency.limits': '[{ calls: 3, seconds: 60, each: all }]',
  'registration.lockout.sourceFailures': 100,
  'outbound.unknown-numbers.mode': 'off',
  'outbound.allowed-countries.mode': 'off',
};

let redis: RedisServer;
let pbx: Pbx;
let a: Gate;
let b: Gate;
const node = (name: string) => startNode(name, redis, { pbx: pbx.uri, rules: 'shipped', settings });

beforeAll(async () => {
  redis = await startRedis();
  pbx = await aPbx({ address: ownAddress(), port: ownPorts.sip });
  isRegistrar(pbx, { passwords: { 1001: 'right', 1002: 'right', 1003: 'right', 1004: 'right' } });
  pbx.always('INVITE', (invite) => pbx.answer(invite, 486));
  pbx.always('ACK', () => {});
  a = await node('a');
  b = await node('b');
  await Promise.all([knowsRedis(a), knowsRedis(b)]);
});
afterAll(async () => {
  await Promise.all([a?.close(), b?.close(), pbx?.close()]);
  await redis?.close();
});
afterEach(({ task }) => {
  if (task.result?.state === 'fail') console.log(a.logs().slice(-3000), b.logs().slice(-3000));
});

async function registers(gate: Gate, user: string, password: string, address: string) {
  const phone = await aPhone({ to: gate.udp, user, password, address });
  const { status } = await phone.tryToRegister();
  if (status === 200) await phone.unregister();
  await phone.close();
  return status;
}
const lockedOut = async (gate: Gate): Promise<string> =>
  (await drawbridge('events', '--reason', 'locked-out', '--data', gate.data)).output;

test('ten failures lock out, wherever they were, and on all nodes (R6)', async () => {
  const address = ownAddress();
  for (let tries = 0; tries < 5; tries++)
    for (const gate of [a, b]) expect(await registers(gate, '1001', 'wrong', address)).toBe(401);
  await sleep(KNOWN_MS);
  expect(await registers(a, '1001', 'right', address)).toBe(401);
  expect(await registers(b, '1001', 'right', address)).toBe(401);
  for (const gate of [a, b])
    await expect.poll(() => lockedOut(gate), { timeout: 10_000 }).toContain('1001');
  expect(await registers(b, '1001', 'right', ownAddress())).toBe(200);
});

test('nine do not: each is counted once', async () => {
  const address = ownAddress();
  for (let tries = 0; tries < 9; tries++)
    expect(await registers(tries % 2 ? a : b, '1002', 'wrong', address)).toBe(401);
  await sleep(KNOWN_MS);
  expect(await registers(a, '1002', 'right', address)).toBe(200);
  // which is known too: what was mistyped before is forgotten
  await sleep(KNOWN_MS);
  for (let tries = 0; tries < 3; tries++)
    expect(await registers(b, '1002', 'wrong', address)).toBe(401);
  expect(await registers(b, '1002', 'right', address)).toBe(200);
});

test('what happened while Redis was gone counts when it is back, and on a node that starts later', async () => {
  const address = ownAddress();
  await redis.kill();
  await Promise.all([knowsRedis(a, false), knowsRedis(b, false)]);
  for (let tries = 0; tries < 5; tries++)
    for (const gate of [a, b]) expect(await registers(gate, '1003', 'wrong', address)).toBe(401);
  // each of them has seen five
  expect(await registers(a, '1004', 'right', address)).toBe(200);
  await redis.start();
  await Promise.all([knowsRedis(a), knowsRedis(b)]);
  await sleep(KNOWN_MS);
  expect(await registers(b, '1003', 'right', address)).toBe(401);
  const c = await node('c');
  try {
    await knowsRedis(c);
    await sleep(KNOWN_MS);
    expect(await registers(c, '1003', 'right', address)).toBe(401);
  } finally {
    await c.close();
  }
});

test('calls are counted together too (O7)', async () => {
  const call = async (gate: Gate, user: string) => {
    const phone = await aPhone({ to: gate.udp, user, password: 'right', address: ownAddress() });
    await phone.register();
    const { status } = await (await phone.invite('2000')).final();
    await phone.unregister();
    await phone.close();
    return status;
  };
  for (let made = 0; made < 3; made++) expect(await call(a, '1004')).toBe(486);
  await sleep(KNOWN_MS);
  expect(await call(b, '1002')).toBe(480);
});

test('an extension that is guarded on one node is on all, and lifted on all (R13)', async () => {
  const guards = async (gate: Gate) => (await drawbridge('guards', '--data', gate.data)).output;
  for (let source = 0; source < 10; source++)
    expect(await registers(source % 2 ? a : b, '1002', 'wrong', ownAddress())).toBe(401);
  await sleep(KNOWN_MS);
  // one more is needed where they were counted apart
  await registers(a, '1002', 'wrong', ownAddress());
  for (const gate of [a, b])
    await expect.poll(() => guards(gate), { timeout: 10_000 }).toContain('1002');
  expect(await registers(b, '1002', 'right', ownAddress())).toBe(401);
  await drawbridge('unguard', '1002', '--data', b.data);
  await expect.poll(() => guards(a), { timeout: 10_000 }).toContain('No extension is guarded');
  expect(await registers(a, '1002', 'right', ownAddress())).toBe(200);
});
