import { expect, test } from 'vitest';
import { DurationCounts, durationClasses } from './durations.ts';

test('a duration is counted in the first class that it fits in, and what is longer than all in the last', () => {
  const durations = new DurationCounts();
  for (const seconds of [0, 0.0001, 0.00011, 0.9, 7]) durations.add(seconds);
  const { counts } = durations;
  expect(counts).toHaveLength(durationClasses.length + 1);
  expect([counts[0], counts[1], counts.at(-2), counts.at(-1)]).toEqual([2, 1, 1, 1]);
  expect(durations.sum).toBeCloseTo(7.90021);
});
