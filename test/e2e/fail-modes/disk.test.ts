import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../../support/a-pbx.ts';
import { aPhone, type Phone } from '../../support/a-phone.ts';
import { runToEnd } from '../../support/background-process.ts';
import { drawbridge } from '../../support/drawbridge.ts';
import { metric } from '../../support/gate-health.ts';
import { type Gate, startGate } from '../../support/gate-process.ts';
import { ownAddress } from '../../support/own-address.ts';

let data: string;
let pbx: Pbx;
let gate: Gate;
let phone: Phone;

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'disk-'));
  pbx = await aPbx({ address: ownAddress() });
  pbx.registersAll();
  pbx.always('BYE', (bye) => pbx.answer(bye, 200));
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(gate.logs().slice(-4000));
  await Promise.all([phone.close(), gate.close(), pbx.close()]);
  rmSync(data, { recursive: true, force: true });
});

async function start(directory = data): Promise<void> {
  // strangers are told that they are refused: silence would prove nothing
  const settings = { 'network.stealth.mode': 'off' };
  gate = await startGate({ pbx: pbx.uri, rules: 'shipped', settings, data: directory });
  phone = await aPhone({ to: gate.udp, user: '1001', address: ownAddress() });
}

const says = (text: string): Promise<void> =>
  expect.poll(() => gate.logs(), { timeout: 15_000 }).toContain(text);

/** Whoever is registered calls, and nobody else. */
async function isServedAsEver(): Promise<void> {
  const call = await phone.invite('1002');
  await Promise.all([pbx.accept(await pbx.expect('INVITE')), call.answered()]);
  await call.bye();
  const stranger = await aPhone({ to: gate.udp, user: '1001', address: ownAddress() });
  expect((await (await stranger.invite('1002')).final()).status).toBe(403);
  await stranger.close();
}

test('a database that somebody else locks holds nobody up, and has all once it is free', async () => {
  await start();
  const locked = ['state.db', 'events.db'].map((name) => {
    const database = new DatabaseSync(join(data, name));
    database.exec('BEGIN IMMEDIATE');
    return database;
  });
  await phone.register();
  await isServedAsEver();
  await says('registrations cannot be written to disk');
  await says('events cannot be written to disk');
  expect(gate.logs()).toContain('database is locked');
  expect(await metric(gate, 'drawbridge_database_errors_total')).toBeGreaterThan(0);
  expect(await metric(gate, 'drawbridge_events_lost_total')).toBeGreaterThan(0);
  await isServedAsEver();

  for (const database of locked) database.close();
  await says('registrations are written to disk again');
  await gate.restart();
  expect(await gate.status()).toContain('Registrations: 1');
  await isServedAsEver();
});

/** Makes and takes away disks: root may, unless it is one of a container without the right. */
const mayMount = spawnSync('unshare', ['--mount', 'true']).status === 0;

test.skipIf(!mayMount)(
  'a disk that is full holds nobody up, and has all once there is room (as root: it takes a disk of its own)',
  async () => {
    await runToEnd('mount', 'mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', data]);
    try {
      await start(data);
      expect(() => writeFileSync(join(data, 'filler'), Buffer.alloc(4_000_000))).toThrow('ENOSPC');
      await phone.register();
      await isServedAsEver();
      await says('registrations cannot be written to disk');
      await says('events cannot be written to disk');
      expect(await metric(gate, 'drawbridge_database_errors_total')).toBeGreaterThan(0);
      await isServedAsEver();

      rmSync(join(data, 'filler'));
      await says('registrations are written to disk again');
      await gate.restart();
      expect(await gate.status()).toContain('Registrations: 1');
    } finally {
      await gate.kill();
      await runToEnd('umount', 'umount', [data]);
    }
  },
);

test('databases that are damaged while it runs hold nobody up, and are moved aside at the next start', async () => {
  await start();
  await phone.register();
  await drawbridge('block', '192.0.2.1', '--data', data);
  await isServedAsEver();
  for (const name of ['state.db', 'events.db']) {
    writeFileSync(join(data, name), 'no database', { flag: 'r+' });
    truncateSync(join(data, `${name}-wal`), 0);
  }
  await phone.register({ contact: `<sip:1001@${phone.address}:5999>` });
  await isServedAsEver();
  await phone.register();
  await gate.restart();
  await says('state.db is damaged: moved aside, and a new one begun');
  await says('the events database is damaged: moved aside');
  expect(
    readdirSync(data).filter((name) => /^(state|events)\.db\.damaged-[\dT.-]+Z$/.test(name)),
  ).toHaveLength(2);
  // nobody is let in for a registration of which nothing is known any more
  expect((await (await phone.invite('1002')).final()).status).toBe(403);
  await phone.register();
  await isServedAsEver();
});

test('an events database that cannot be opened holds nobody up; what is lost is counted, and said once', async () => {
  const file = join(data, 'events.db');
  mkdirSync(file);
  await start();
  await phone.register();
  await isServedAsEver();
  await says('events cannot be written to disk');
  const lost = () => metric(gate, 'drawbridge_events_lost_total');
  await expect.poll(lost, { timeout: 10_000 }).toBeGreaterThan(0);
  const before = await lost();
  await isServedAsEver();
  await expect.poll(lost, { timeout: 10_000 }).toBeGreaterThan(before);
  expect((await gate.told()).disk?.lostEvents).toBeGreaterThan(before);
  expect(await gate.status()).toMatch(/disk .* events lost since the start/);
  expect(gate.logs().match(/events cannot be written to disk/g)).toHaveLength(1);
  expect(gate.logs()).not.toContain('events are written to disk again');

  rmdirSync(file);
  await isServedAsEver();
  await says('events are written to disk again');
  const held = await lost();
  await isServedAsEver();
  const events = async () => (await drawbridge('events', '--kind', 'call', '--data', data)).output;
  await expect.poll(events, { timeout: 10_000 }).toContain('1002');
  expect(await lost()).toBe(held);
});
