import { describe, expect, test } from 'vitest';
import { type Guard, type GuardChange, Guards } from './guards.ts';

const AT = Date.UTC(2026, 6, 1, 12);
const HOUR = 3_600_000;

const byRule = (extension: string, forMs = HOUR) =>
  ({ extension, by: 'rule', evidence: '8 sources', forMs }) as const;
const byHand = (extension: string, forMs?: number) =>
  ({ extension, by: 'operator', evidence: 'a stolen list', forMs }) as const;
const kept = (extension: string, more: Partial<Guard> = {}): Guard => ({
  ...{ extension, by: 'rule', evidence: '8 sources', since: AT, changedAt: AT, until: AT + HOUR },
  ...more,
});

function watched() {
  const changes: string[] = [];
  const guards = new Guards(({ kind, guard, elsewhere }: GuardChange) =>
    changes.push(`${kind} ${guard.extension}${elsewhere === true ? ' elsewhere' : ''}`),
  );
  return { guards, changes };
}

describe('a guard', () => {
  test('ends by itself', () => {
    const { guards, changes } = watched();
    guards.raise(byRule('1001'), AT);
    expect(guards.of('1001', AT + HOUR - 1)?.evidence).toBe('8 sources');
    expect(guards.of('1001', AT + HOUR)).toBeUndefined();
    expect(guards.of('1002', AT)).toBeUndefined();
    guards.sweep(AT + HOUR);
    expect(changes).toEqual(['raised 1001', 'ended 1001']);
    expect(guards.size).toBe(0);
  });

  test('is held while the attack goes on, and not told of each try', () => {
    const { guards, changes } = watched();
    guards.raise(byRule('1001'), AT);
    for (let second = 1; second <= 120; second++) guards.raise(byRule('1001'), AT + second * 1000);
    expect(changes).toEqual(['raised 1001', 'held 1001', 'held 1001']);
    expect(guards.of('1001', AT + HOUR + 119_999)?.since).toBe(AT);
  });

  test('of a person is not made another by a rule, and lasts until he lifts it', () => {
    const { guards, changes } = watched();
    guards.raise(byHand('1001'), AT);
    guards.raise(byRule('1001', 1e12), AT);
    expect(guards.of('1001', AT + 1e12)?.by).toBe('operator');
    expect(guards.lift('1001')?.evidence).toBe('a stolen list');
    expect(guards.lift('1001')).toBeUndefined();
    expect(changes).toEqual(['raised 1001', 'lifted 1001']);
  });

  test('of a person may be shorter than that of a rule', () => {
    const { guards } = watched();
    guards.raise(byRule('1001'), AT);
    expect(guards.raise(byHand('1001', 1000), AT)?.until).toBe(AT + 1000);
  });

  test('outlives a restart, if its time has not come meanwhile', () => {
    const { guards, changes } = watched();
    guards.load([kept('1001'), kept('1002', { until: AT - 1 })], AT);
    expect([...guards.all()].map(({ extension }) => extension)).toEqual(['1001']);
    expect(changes).toEqual([]);
  });

  test('of a rule lasts no longer for a clock that was ahead when it was raised', () => {
    const { guards } = watched();
    const ahead = AT + 365 * 24 * HOUR;
    const times = { changedAt: ahead, until: ahead + HOUR };
    guards.load([kept('1001', times), kept('1002', { ...times, by: 'operator' })], AT);
    expect(guards.of('1001', AT + HOUR - 1)).toBeDefined();
    expect(guards.of('1001', AT + HOUR)).toBeUndefined();
    expect(guards.of('1002', ahead)).toBeDefined();
  });

  test('of a rule lasts no longer where the clock is set back, and the disk and the others are told', () => {
    const { guards, changes } = watched();
    guards.raise(byRule('1001'), AT);
    guards.raise(byHand('1002', HOUR), AT);
    guards.raise(byHand('1003'), AT);
    // by a node whose clock was right
    guards.adopt(kept('1004', { changedAt: AT - 25 * HOUR }), AT);
    guards.clockSet(HOUR, AT);
    guards.clockSet(-24 * HOUR, AT - 24 * HOUR);
    expect(guards.of('1001', AT - 23 * HOUR - 1)?.changedAt).toBeGreaterThan(AT);
    expect(guards.of('1001', AT - 23 * HOUR)).toBeUndefined();
    expect(guards.of('1002', AT)).toBeDefined();
    expect(guards.of('1004', AT)).toBeDefined();
    expect(changes.slice(4)).toEqual(['held 1001']);
  });

  test('of another node counts here; the later word holds', () => {
    const { guards, changes } = watched();
    guards.adopt(kept('1001', { changedAt: AT + 5 }), AT);
    guards.adopt(kept('1001', { changedAt: AT + 4, evidence: 'older' }), AT);
    expect(guards.of('1001', AT)?.evidence).toBe('8 sources');
    expect(guards.liftedElsewhere('1001', AT + 4)).toBe(false);
    expect(guards.liftedElsewhere('1001', AT + 6)).toBe(true);
    expect(changes).toEqual(['raised 1001 elsewhere', 'lifted 1001 elsewhere']);
  });
});

test('there are never more than a bound: those of rules go that end first, those of people stay', () => {
  const { guards } = watched();
  guards.raise(byHand('of a person'), AT);
  for (let extension = 0; extension < 3000; extension++)
    guards.raise(byRule(String(extension), HOUR + extension), AT);
  expect(guards.size).toBe(1024);
  expect(guards.of('of a person', AT)).toBeDefined();
  expect(guards.of('2999', AT)).toBeDefined();
  expect(guards.of('0', AT)).toBeUndefined();
});
