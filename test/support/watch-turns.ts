/**
 * Loaded into a gate by `node --import`: says how long the thread that carries SIP held itself up, to whoever sends a
 * datagram to the place in TURNS_AT. Time in which it was ready and something else had the CPU does not count: a busy
 * machine makes the gate late, and says nothing about the gate.
 */
import { createSocket } from 'node:dgram';
import { openSync, readSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const LOOK_EVERY_MS = 1;

function watch(address: string, port: number): void {
  const schedstat = openSync('/proc/thread-self/schedstat', 'r');
  const text = Buffer.alloc(128);
  /** Milliseconds it has waited for a CPU so far. */
  const waited = (): number => {
    const length = readSync(schedstat, text, 0, text.length, 0);
    return Number(text.toString('latin1', 0, length).split(' ')[1]) / 1e6;
  };
  let longest = 0;
  let last = { at: performance.now(), waited: waited() };
  setInterval(() => {
    const now = { at: performance.now(), waited: waited() };
    longest = Math.max(longest, now.at - last.at - (now.waited - last.waited) - LOOK_EVERY_MS);
    last = now;
  }, LOOK_EVERY_MS).unref();
  const socket = createSocket('udp4', (_asked, from) => {
    socket.send(String(longest), from.port, from.address);
    longest = 0;
  });
  socket.bind(port, address).unref();
}

const [address, port] = process.env.TURNS_AT?.split(':') ?? [];
if (!isMainThread && address !== undefined) watch(address, Number(port));
