import { describe, expect, test } from 'vitest';
import { loadSettings } from './load.ts';
import { refuseLockOut } from './lock-out.ts';
import { showProblem } from './problem.ts';
import type { Settings } from './settings.ts';

interface Situation {
  readonly operators?: readonly string[];
  readonly force?: boolean;
  readonly running?: Settings;
}

const here = '198.51.100.7';

function load(...set: readonly string[]) {
  return loadSettings({ set }, {}, true);
}

/** What is said of these settings when operators are there. */
function problems(set: readonly string[], situation: Situation = {}): readonly string[] {
  const loaded = refuseLockOut(load(...set), { operators: [here], force: false, ...situation });
  return loaded.ok ? [] : loaded.problems.map(showProblem);
}

test('the settings that ship shut nobody out', () => {
  expect(problems([])).toEqual([]);
});

const firewall = (rule: string): string => `network.firewall.rules=[${rule}]`;

describe('a policy that never hears the operator is refused', () => {
  test.each([
    ['drop-all', ['network.drop-all.mode=on']],
    ['blocked-sources', ['network.blocked-sources.sources=[198.51.0.0/16]']],
    [
      'source-countries',
      ['network.source-countries={ mode: on, countries: [DE], unlisted: drop }'],
    ],
    ['firewall', [firewall('{ name: all, action: drop }')]],
  ])('by %s', (rule, set) => {
    expect(problems(set)).toEqual([
      expect.stringMatching(
        new RegExp(` network\\.${rule}\\b.*never hears 198\\.51\\.100\\.7.*--force`),
      ),
    ]);
  });

  test('of those who are named in site.operators, too', () => {
    const set = ['network.drop-all.mode=on', 'site.operators=[203.0.113.0/24]'];
    expect(problems(set, { operators: [] })).toEqual([
      expect.stringContaining('never hears 203.0.113.0'),
    ]);
  });
});

describe('it is not refused', () => {
  test('when the operator has a way in', () => {
    const rule = '{ name: us, action: accept, sources: [198.51.100.7] }';
    expect(problems(['network.drop-all.mode=on', firewall(rule)])).toEqual([]);
    expect(problems(['network.drop-all.mode=on', 'network.allowed=[198.51.100.0/24]'])).toEqual([]);
  });

  test('when another listener hears him', () => {
    expect(problems([firewall('{ name: udp, action: drop, protocol: udp }')])).toEqual([]);
  });

  test('when the rule only looks', () => {
    expect(problems(['network.drop-all.mode=shadow'])).toEqual([]);
    expect(problems(['network.drop-all.mode=on', 'site.rules=shadow'])).toEqual([]);
  });

  test('when it is forced', () => {
    expect(problems(['network.drop-all.mode=on'], { force: true })).toEqual([]);
  });

  test('when nobody is known to be an operator', () => {
    expect(problems(['network.drop-all.mode=on'], { operators: [] })).toEqual([]);
  });

  test('when he is shut out already', () => {
    const running = load('network.drop-all.mode=on');
    if (!running.ok) throw new Error('these settings are wrong');
    const set = ['network.drop-all.mode=on', 'calls.ringSeconds=300'];
    expect(problems(set, { running: running.settings })).toEqual([]);
  });
});

test('what is wrong otherwise is said as ever', () => {
  expect(problems(['calls.ringSeconds=1'])).toEqual([expect.stringContaining('calls.ringSeconds')]);
});
