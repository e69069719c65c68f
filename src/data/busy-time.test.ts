import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { BusyTime } from './busy-time.ts';

function workFor(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test('work counts, waiting does not', async () => {
  const time = new BusyTime(() => 0);
  await setTimeout(0);
  time.look();
  workFor(60);
  await setTimeout(1);
  expect(time.look()).toBeGreaterThan(0.6);
  await setTimeout(100);
  expect(time.look()).toBeLessThan(0.4);
});

test('what was slept on purpose is no work', async () => {
  let slept = 0;
  const time = new BusyTime(() => slept);
  await setTimeout(0);
  time.look();
  workFor(60);
  slept += 55;
  await setTimeout(1);
  expect(time.look()).toBeLessThan(0.4);
});
