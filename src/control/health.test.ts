import { describe, expect, test } from 'vitest';
import type { DataPlaneStats } from '../data/gate-stats.ts';
import { type Heartbeat, heartbeatLimitMs, liveness, readiness } from './health.ts';

const none = { counts: [], sum: 0 };

function beat(...pbx: { up: boolean; draining?: boolean }[]): Heartbeat {
  const stats: DataPlaneStats = {
    requests: {},
    answers: {},
    decisions: [],
    blocks: { byRule: {}, made: {} },
    added: { REGISTER: none, INVITE: none, other: none },
    failures: {},
    calling: { answered: 0, ended: {}, emergencies: 0, routes: {}, trunks: {} },
    extensions: [],
    guards: 0,
    attacks: {},
    lists: [],
    registrations: 0,
    calls: 0,
    ringing: 0,
    transactions: 0,
    timers: 0,
    ignored: 3,
    datagramsDropped: 0,
    floodLanes: 0,
    pressure: 'none',
    clockSteps: 0,
    connections: { open: {}, handshaking: 0, refused: {} },
    pbx: pbx.map(({ up, draining = false }, index) => ({
      name: String(index),
      uri: 'sip:pbx',
      up,
      draining,
      latencyMs: undefined,
    })),
    certificates: [],
    eventLoop: { mean: 0, p99: 0, max: 0 },
    heapBytes: 0,
    draining: false,
  };
  return { stats, at: 1000 };
}

const well = { draining: false, faulty: false };

describe('alive', () => {
  test('while the data plane reports', () => {
    expect(liveness(beat(), 1000 + heartbeatLimitMs)).toEqual({ good: true, reasons: [] });
  });
  test('not before it did, nor when it has gone silent', () => {
    expect(liveness(undefined, 1000).good).toBe(false);
    expect(liveness(beat(), 1001 + heartbeatLimitMs).reasons).toEqual([
      'the data plane has gone silent',
    ]);
  });
});

describe('ready', () => {
  test('with one PBX node that answers', () => {
    expect(readiness(beat({ up: false }, { up: true }), well, 1000).good).toBe(true);
  });
  test.each([
    ['none that answers', 'no PBX node answers', [{ up: false }]],
    [
      'only one that drains',
      'every PBX node that answers is told to drain',
      [{ up: true, draining: true }, { up: false }],
    ],
  ])('not with %s', (_what, reason, nodes) => {
    expect(readiness(beat(...nodes), well, 1000).reasons).toEqual([reason]);
  });
  test('not without the drachtio-server that is to carry SIP', () => {
    const { stats, at } = beat({ up: true });
    const over = (connected: boolean): Heartbeat => ({
      stats: { ...stats, drachtio: { address: '127.0.0.1:9022', connected } },
      at,
    });
    expect(readiness(over(true), well, 1000).good).toBe(true);
    expect(readiness(over(false), well, 1000).reasons).toEqual(['no drachtio-server is connected']);
  });
  test('not while draining', () => {
    expect(readiness(beat({ up: true }), { ...well, draining: true }, 1000).reasons).toEqual([
      'draining',
    ]);
  });
});
