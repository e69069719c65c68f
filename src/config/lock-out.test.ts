import { expect, test } from 'vitest';
import { loadSettings } from './load.ts';
import { refuseLockOut } from './lock-out.ts';
import { showProblem } from './problem.ts';

/** What is said of these settings when an operator sits at an address of the internet. */
function problems(...set: readonly string[]): readonly string[] {
  const check = { operators: ['198.51.100.7'], force: false };
  const loaded = refuseLockOut(loadSettings({ set }, {}, true), check);
  return loaded.ok ? [] : loaded.problems.map(showProblem);
}

test('the settings that ship shut nobody out', () => {
  expect(problems()).toEqual([]);
  expect(problems('site.operators=[203.0.113.0/24, "2001:db8::/32"]')).toEqual([]);
});

test('what is wrong otherwise is said as ever', () => {
  expect(problems('calls.ringSeconds=1')).toEqual([expect.stringContaining('calls.ringSeconds')]);
});
