import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, PHONE_SOCKETS, type Side } from '../bench.ts';
import { written } from '../edges/edge.ts';
import { startClient } from '../load-generator.ts';
import { type Memory, memoryOf, processTree } from '../proc.ts';

/** Longer than any transaction lives on (RFC 3261 timers D, H and J: 32 s). */
export const SETTLE_SECONDS = 45;

/**
 * Waits until finished work is forgotten, under a trickle of refreshed registrations: an edge that does
 * nothing at all may put off giving memory back.
 */
export async function settle(bench: Bench, side: Side, seconds = SETTLE_SECONDS): Promise<void> {
  const host = bench.phones.host;
  const port = bench.phones.port + PHONE_SOCKETS;
  const trickle = startClient(bench.generator, [
    ...['reg', '--rate', '20', '--users', '20', '--seconds', String(seconds)],
    ...['--to', written(side.to), '--bind', `${host}:${port}`],
  ]);
  await trickle.result;
  await sleep(500);
}

export function memoryOfSide({ edge }: Side): Memory {
  if (!edge) throw new Error('the memory of no edge');
  edge.assertAlive();
  return memoryOf(processTree(edge.pid));
}
