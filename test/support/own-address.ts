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
