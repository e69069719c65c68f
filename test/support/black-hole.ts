import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Place } from './sip-wire.ts';

/** Listens and never accepts: its thread is asleep. */
const SLEEPER = `
  const { createServer } = require('node:net');
  const { parentPort, workerData } = require('node:worker_threads');
  const server = createServer();
  server.listen({ ...workerData, backlog: 1 }, () => {
    parentPort.postMessage('listening');
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });
`;

/** A TCP port whose SYNs are dropped without a word: as behind a firewall, or on a machine that has hung. */
export async function blackHole({ address, port }: Place): Promise<AsyncDisposable> {
  const worker = new Worker(SLEEPER, { eval: true, workerData: { host: address, port } });
  await once(worker, 'message');
  const waiting: Socket[] = [];
  // the system answers for it until its queue is full
  for (let full = false; !full; ) {
    const socket = connect(port, address).on('error', () => {});
    waiting.push(socket);
    full = await Promise.race([once(socket, 'connect').then(() => false), sleep(150, true)]);
  }
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of waiting) socket.destroy();
      await worker.terminate();
    },
  };
}
