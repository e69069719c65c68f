import { randomBytes } from 'node:crypto';
import { type Gate, type GateOptions, startGate } from './gate-process.ts';
import { ownAddress, ownPorts } from './own-address.ts';

/** All that is new goes to programs. */
const programs = `
programPort:
  port: ${ownPorts.programs}
  address: 127.0.0.1
programs:
  requests:
    - realm: access
    - realm: core
    - realm: trunk
`;

/**
 * A gate over the drachtio protocol: one process has the sockets and serves the protocol, as a drachtio-server would,
 * the other is the gate. Phones and the PBX meet the first; settings, state, crashes and restarts are the second's.
 */
export async function startGateOnDrachtio(options: GateOptions): Promise<Gate> {
  const secret = randomBytes(16).toString('hex');
  const { address = ownAddress(), pbx } = options;
  const server = await startGate({
    pbx,
    address,
    routes: { 'programs.yaml': programs.replace('127.0.0.1', address) },
    environment: { DRAWBRIDGE_PROGRAMS_SECRET: secret },
  });
  let gate: Gate;
  try {
    gate = await startGate({
      ...options,
      address: ownAddress(),
      drachtio: server.programs,
      environment: { ...options.environment, DRAWBRIDGE_DRACHTIO_SECRET: secret },
    });
  } catch (problem) {
    await server.close();
    throw problem;
  }
  const { udp, tcp, tls, ws, wss } = server;
  return {
    ...gate,
    address,
    ...{ udp, tcp, tls, ws, wss },
    get pid() {
      return gate.pid;
    },
    logs: () => `${server.logs()}\n${gate.logs()}`,
    async close() {
      await gate.close();
      await server.close();
    },
  };
}
