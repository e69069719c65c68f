import type { CreateGate } from './gate.ts';

/** Puts the engine and the edge together. */
export const createGate: CreateGate = async ({ settings, registrations }) => {
  const listeners = settings.listeners.map(({ transport, address, port, realm, advertise }) => ({
    transport,
    address,
    port,
    realm,
    advertised: { host: advertise?.host ?? address, port: advertise?.port ?? port },
  }));
  const pbx = settings.pbx.nodes.map(({ name, uri, drain }) => ({
    name,
    uri,
    up: false,
    draining: drain,
    latencyMs: undefined,
  }));
  return {
    listeners,
    reload() {},
    drain() {},
    liveCalls: () => 0,
    hangup: () => 0,
    status: () => ({
      draining: false,
      listeners,
      pbx,
      certificates: [],
      registrations: { count: registrations.length, rows: [] },
      calls: { count: 0, rows: [] },
    }),
    stats: () => ({
      requests: {},
      answers: {},
      registrations: registrations.length,
      calls: 0,
      transactions: 0,
      timers: 0,
      connections: { open: {}, handshaking: 0, refused: {} },
      pbx,
      certificates: [],
    }),
    async close() {},
  };
};
