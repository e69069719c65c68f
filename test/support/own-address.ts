import { threadId } from 'node:worker_threads';

let given = 0;

/**
 * A loopback address nobody else in this run uses, so that everything on it can have its usual port and no
 * two tests meet. All of 127.0.0.0/8 is this machine on Linux.
 */
export function ownAddress(): string {
  given += 1;
  const worker = process.pid * 7 + threadId;
  return `127.${16 + ((worker >> 8) % 200)}.${worker & 255}.${1 + (given % 250)}`;
}

/**
 * Ports for what stands on an address of its own. Not the usual ones: whoever develops a gate may well have
 * one running, and a socket on every address would be in the way.
 */
export const ownPorts = {
  sip: 25_060,
  sips: 25_061,
  ws: 25_080,
  wss: 25_443,
  http: 29_464,
  programs: 29_022,
} as const;
