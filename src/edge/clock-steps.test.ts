import { expect, test } from 'vitest';
import { ClockSteps } from './clock-steps.ts';

test('a clock that is set is noticed once, either way, and by how much', () => {
  const steps = new ClockSteps(1_000_000, 0);
  expect(steps.look(1_001_000, 1000)).toBe(0);
  expect(steps.look(4_602_000, 2000)).toBe(3_600_000);
  expect(steps.look(4_603_000, 3000)).toBe(0);
  expect(steps.look(1_004_000, 4000)).toBe(-3_600_000);
  expect(steps.count).toBe(2);
});

test('one that is slewed for a day, or looked at late, is not set', () => {
  const steps = new ClockSteps(0, 0);
  for (let second = 1; second < 86_400; second++)
    expect(steps.look(second * 1000.5, second * 1000)).toBe(0);
  expect(steps.look(86_500_000 + 43_200, 86_500_000)).toBe(0);
});
