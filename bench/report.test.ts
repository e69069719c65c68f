import { describe, expect, test } from 'vitest';
import { type Figure, formatReport, goalMet, ratioOf } from './report.ts';

const figure = (over: Partial<Figure> = {}): Figure => ({
  label: 'CPU',
  unit: 'µs',
  values: { gate: [38, 40, 44], kamailio: [50, 50, 60] },
  ...over,
});

describe('a report', () => {
  test('compares medians', () => expect(ratioOf(figure())).toBe(0.8));

  test.each([
    [{ times: 0.8, of: 'kamailio' }, true],
    [{ times: 0.79, of: 'kamailio' }, false],
    [{ atMost: 40 }, true],
    [{ atMost: 39 }, false],
  ])('says whether %j was met', (goal, met) => expect(goalMet(figure({ goal }))).toBe(met));

  test('does not judge a ratio without the other edge', () => {
    const alone = figure({ values: { gate: [40] }, goal: { times: 1, of: 'kamailio' } });
    expect(goalMet(alone)).toBeUndefined();
  });

  const report = { title: 'REGISTER', how: 'Quickly.', warnings: [] };

  test('is a section with a table of ranges, ratio and goal', () => {
    const { title, text } = formatReport({
      ...report,
      edges: ['gate', 'kamailio'],
      figures: [figure({ goal: { times: 1, of: 'kamailio' } })],
      warnings: ['one call failed'],
    });
    expect(title).toBe('REGISTER, beside kamailio');
    expect(text).toMatch(/^Quickly\.\n\n\|/);
    expect(text).toMatch(
      /\| CPU, µs +\| 40\.0 \[38\.0\.\.44\.0\] \| 50\.0 \[50\.0\.\.60\.0\] \| 0\.800 \| ≤ 1 times kamailio: met \|/,
    );
    expect(text).toContain('- one call failed');
  });

  test('has no ratio when one edge was measured', () => {
    const { title, text } = formatReport({ ...report, edges: ['gate'], figures: [figure()] });
    expect(title).toBe('REGISTER');
    expect(text).not.toContain('ratio');
    expect(text).not.toContain('kamailio');
  });
});
