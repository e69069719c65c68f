import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { BusyTime } from './busy-time.ts';

/** How long it took in the end, on a machine that has other things to do as well. */
function workFor(ms: number): number {
  const begun = performance.now();
  while (performance.now() < begun + ms);
  return performance.now() - begun;
}

test('work counts, waiting does not', async () => {
  const time = new BusyTime(0);
  await setTimeout(0);
  time.look(0);
  workFor(300);
  await setTimeout(1);
  expect(time.look(0)).toBeGreaterThan(0.6);
  await setTimeout(100);
  expect(time.look(0)).toBeLessThan(0.4);
});

test('what was slept on purpose is no work', async () => {
  const time = new BusyTime(0);
  await setTimeout(0);
  time.look(0);
  const worked = workFor(60);
  await setTimeout(1);
  expect(time.look(worked)).toBeLessThan(0.4);
});
