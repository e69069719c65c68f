import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { callingCodeOf } from './numbering-plan.ts';
import { compileRiskyRanges, parseRiskyRanges } from './risky-ranges.ts';

const text = readFileSync(
  new URL('../../policies/data/high-risk-numbers.csv', import.meta.url),
  'utf8',
);
const { ranges, problems } = parseRiskyRanges(text);
const risksOf = compileRiskyRanges(ranges);

describe('the list of high-risk numbers that is shipped', () => {
  test('is without a mistake', () => {
    expect(problems).toEqual([]);
    expect(ranges.length).toBeGreaterThan(70);
  });

  test('has only numbers that can be dialled, and keeps one kind to a name', () => {
    const kinds = new Map<string, string>();
    for (const { prefix, name, kind } of ranges) {
      if (prefix !== '888') expect(callingCodeOf(prefix), prefix).toBeDefined();
      expect(kinds.get(name) ?? kind, name).toBe(kind);
      kinds.set(name, kind);
    }
  });

  test.each([
    ['881612345678', ['mobile-satellite']],
    ['882161234567', ['international-networks', 'thuraya']],
    ['37190123456', ['latvia-premium-like']],
    ['37161234567', []],
    ['18765551234', ['jamaica']],
    ['12025550123', []],
    ['5350123456', ['cuba']],
    ['4930123456', []],
    ['442079460018', []],
    ['447011234567', ['uk-personal-numbers']],
  ])('says of +%s: %j', (digits, names) => {
    expect(risksOf(digits)).toEqual(names);
  });
});
