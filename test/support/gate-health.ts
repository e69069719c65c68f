import { setTimeout as sleep } from 'node:timers/promises';
import type { Gate } from './gate-process.ts';

/** A number from the text of /metrics; the sum over its labels. */
export async function metric(gate: Gate, name: string): Promise<number> {
  const text = await gate.metrics();
  const values = text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
  return values.reduce((sum, value) => sum + value, 0);
}

/** Waits until nothing is at work in the gate any more, or says what still is. */
export async function drained(gate: Gate, within: number): Promise<void> {
  const giveUpAt = performance.now() + within;
  for (;;) {
    const left = await metric(gate, 'drawbridge_transactions');
    if (left === 0) return;
    if (performance.now() > giveUpAt)
      throw new Error(`${left} transactions are still there after ${within} ms\n${gate.logs()}`);
    await sleep(250);
  }
}
