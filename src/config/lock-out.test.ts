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

test('what would drop all is refused, unless the operator is on the accept list', () => {
  const dropAll = 'network.drop-all.mode=on';
  expect(problems(dropAll)).toEqual([expect.stringContaining('never hears 198.51.100.7')]);
  expect(problems(dropAll, 'network.allowed=[198.51.100.0/24]')).toEqual([]);
  const office = '{name: office, action: accept, sources: [198.51.100.0/24]}';
  expect(problems(dropAll, `network.firewall.rules=[${office}]`)).toEqual([]);
});

test('so is a country that is not the operator’s, and a network that he is in', () => {
  expect(
    problems('network.source-countries.mode=on', 'network.source-countries.countries=[DE]'),
  ).toEqual([expect.stringContaining('network.source-countries')]);
  expect(problems('network.blocked-sources.sources=[198.51.100.0/24]')).toEqual([
    expect.stringContaining('network.blocked-sources.sources.0'),
  ]);
});
