import { describe, expect, test } from 'vitest';
import { type Figure, formatReport, goalMet, ratioOf } from './report.ts';

const figure = (over: Partial<Figure> = {}): Figure => ({
  group: 'REGISTER',
  label: 'CPU',
  unit: 'µs',
  values: { gate: [38, 40, 44], kamailio: [50, 50, 60] },
  ...over,
});

describe('a report', () => {
  test('compares medians', () => expect(ratioOf(figure())).toBe(0.8));

  test.each([
    [{ timesOther: 0.8 }, true],
    [{ timesOther: 0.79 }, false],
    [{ atMost: 40 }, true],
    [{ atMost: 39 }, false],
  ])('says whether %j was met', (goal, met) => expect(goalMet(figure({ goal }))).toBe(met));

  test('does not judge a ratio without the other edge', () => {
    const alone = figure({ values: { gate: [40] }, goal: { timesOther: 1 } });
    expect(goalMet(alone)).toBeUndefined();
  });

  test('is a table per group, with ranges, ratio and goal', () => {
    const text = formatReport({
      edges: ['gate', 'kamailio'],
      figures: [
        figure({ goal: { timesOther: 1 } }),
        figure({ group: 'Calls', label: 'best rate' }),
      ],
      warnings: ['one call failed'],
    });
    expect(text).toContain('## REGISTER');
    expect(text).toContain('## Calls');
    expect(text).toMatch(
      /\| CPU, µs +\| 40\.0 \[38\.0\.\.44\.0\] \| 50\.0 \[50\.0\.\.60\.0\] \| 0\.800 \| ≤ 1 times: met \|/,
    );
    expect(text).toContain('- one call failed');
  });

  test('has no ratio when one edge was measured', () => {
    const text = formatReport({ edges: ['gate'], figures: [figure()], warnings: [] });
    expect(text).not.toContain('ratio');
    expect(text).not.toContain('kamailio');
  });
});
