import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { loadSettings } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import type { BindingRow } from '../edge/registrations-store.ts';
import { type DataPlane, type DataPlaneObserver, startDataPlane } from './data-plane.ts';
import type { DataPlaneStats } from './gate-stats.ts';
import { sliceLists } from './sliced-lists.ts';

const address = '127.0.9.61';
const aBinding: BindingRow = {
  aor: '1001@pbx',
  contact: 'sip:1001@192.0.2.1',
  token: 'token',
  flow: 'flow',
  transport: 'udp',
  listener: `udp:${address}:0`,
  address: '192.0.2.1',
  port: 5060,
  toward: 'contact',
  expiresAt: Date.now() + 3_600_000,
  userAgent: 'phone',
  callId: 'a@phone',
  cseq: 1,
  node: 'pbx',
  instance: '',
  changedAt: Date.now(),
};
const planes: DataPlane[] = [];
afterEach(async () => {
  await Promise.all(planes.splice(0).map((plane) => plane.stop(5000)));
});

function settingsFor(...listen: string[]): Settings {
  const loaded = loadSettings({ listen, pbx: ['sip:127.0.0.1:9'] }, {});
  if (!loaded.ok) throw new Error('these settings are wrong');
  return loaded.settings;
}

async function start(
  settings: Settings,
  seen: Partial<DataPlaneObserver> = {},
  registrations: readonly BindingRow[] = [],
): Promise<DataPlane> {
  const plane = await startDataPlane(
    {
      settings,
      tokenKey: new Uint8Array(32),
      pinKey: new Uint8Array(32),
      registrations,
      blocks: [],
      guards: [],
      lists: sliceLists([], () => []),
    },
    {
      log() {},
      stats() {},
      bindings() {},
      blocks() {},
      guards() {},
      share() {},
      live() {},
      notes() {},
      ask() {},
      enforcement() {},
      event() {},
      events() {},
      crashed() {},
      ...seen,
    },
  );
  planes.push(plane);
  return plane;
}

test('a data plane that starts says what it bound, and reports at once', async () => {
  const reported = Promise.withResolvers<DataPlaneStats>();
  const plane = await start(settingsFor(`udp:${address}:0`), { stats: reported.resolve });
  expect(plane.listeners).toMatchObject([{ transport: 'udp', address, realm: 'access' }]);
  expect(plane.listeners[0]?.port).toBeGreaterThan(0);
  expect(await reported.promise).toMatchObject({ calls: 0, draining: false });
});

test('one that cannot bind says so, in words for the operator, and is gone', async () => {
  const socket = createSocket('udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  const { port } = socket.address();
  await expect(start(settingsFor(`udp:${address}:${port}`))).rejects.toThrow(String(port));
  socket.close();
});

test('one without calls is drained at once, and stops in time', async () => {
  const plane = await start(settingsFor(`udp:${address}:0`));
  await plane.drain();
  expect((await plane.status(10)).draining).toBe(true);
  expect(await plane.stop(5000)).toBe(true);
  planes.length = 0;
});

test('all of very many registrations are told, and packets pass meanwhile', async () => {
  const many = 30_000;
  const rows = Array.from({ length: many }, (_, one) => ({
    ...aBinding,
    aor: `${one}@pbx`,
    token: `token ${one}`,
    contact: `sip:${one}@192.0.2.1`,
  }));
  const plane = await start(settingsFor(`udp:${address}:0`), {}, rows);
  const told: string[] = [];
  const all = plane.status(Number.MAX_SAFE_INTEGER).finally(() => told.push('all'));
  await plane.status(1).finally(() => told.push('one'));
  const { registrations, calls } = await all;
  expect(registrations.count).toBe(many);
  expect(new Set(registrations.rows.map(({ aor }) => aor)).size).toBe(many);
  expect(calls).toEqual({ count: 0, ringing: 0, rows: [] });
  expect(told).toEqual(['one', 'all']); // though it was asked for later
});

test('an error that nobody caught in the thread is a crash, with its stack', async () => {
  const crashed = Promise.withResolvers<Error>();
  const plane = await start(settingsFor(`udp:${address}:0`), { crashed: crashed.resolve });
  planes.length = 0;
  const broken: unknown = { policy: { extensions: { list: {} } } };
  void plane.reload(broken as Settings);
  expect((await crashed.promise).stack).toContain('worker.ts');
});

test('whoever waits for an answer when it crashes is told', async () => {
  const plane = await start(settingsFor(`udp:${address}:0`));
  planes.length = 0;
  const broken: unknown = { policy: { extensions: { list: {} } } };
  void plane.reload(broken as Settings);
  await expect(plane.status(1)).rejects.toThrow();
});
