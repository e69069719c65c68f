import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileRiskyRanges, parseRiskyRanges } from './risky-ranges.ts';

const anyCharacter = fc.nat(0xffff).map((code) => String.fromCharCode(code));

const row = '+37190,latvia-premium,premium,"Latvia, national numbering plan",2026-11-29';

describe('a list of high-risk numbers', () => {
  test('is read line by line, its heading, comments and blank lines passed over', () => {
    const text = `# what we know\nprefix,name,kind,source,seen\n\n${row}\r\n`;
    expect(parseRiskyRanges(text)).toEqual({
      ranges: [
        {
          prefix: '37190',
          name: 'latvia-premium',
          kind: 'premium',
          source: 'Latvia, national numbering plan',
          seen: '2026-11-29',
        },
      ],
      problems: [],
    });
  });

  test.each([
    ['00371,a,premium,b,2026-11-29', "prefix: found '00371', expected + and the digits"],
    ['+371x,a,premium,b,2026-11-29', "prefix: found '+371x'"],
    ['+371,A b,premium,b,2026-11-29', "name: found 'A b', expected lower-case words"],
    ['+371,a,bad,b,2026-11-29', "kind: found 'bad', expected one of premium, revenue-share"],
    ['+371,a,premium,,2026-11-29', 'source: found nothing, expected where the entry comes from'],
    ['+371,a,premium,b,2026-02-30', "seen: found '2026-02-30', expected a day like"],
    ['+371,a,premium,b', 'found 4 fields, expected 5: prefix,name,kind,source,seen'],
    ['+371,a,premium,"b,2026-11-29', 'found a quote that is not closed'],
  ])('says of %s what is wrong', (bad, text) => {
    const { ranges, problems } = parseRiskyRanges(`${row}\n${bad}`);
    expect(ranges).toHaveLength(1);
    expect(problems).toEqual([{ line: 2, text: expect.stringContaining(text) }]);
  });

  test('names all bad lines at once', () => {
    expect(parseRiskyRanges('x\n\ny').problems.map(({ line }) => line)).toEqual([1, 3]);
  });

  test('names a line that stands twice', () => {
    expect(parseRiskyRanges(`${row}\n${row}`).problems).toEqual([
      { line: 2, text: expect.stringContaining('it stands in line 1') },
    ]);
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => void parseRiskyRanges(text)),
    );
  });
});

describe('a number in high-risk ranges', () => {
  const risksOf = compileRiskyRanges(
    parseRiskyRanges(
      [
        '+371,latvia,revenue-share,x,2026-11-29',
        row,
        '+3719012,latvia,premium,x,2026-11-29',
        '+3719012,twelve,premium,x,2026-11-29',
      ].join('\n'),
    ).ranges,
  );

  test.each([
    ['37190123', ['latvia', 'latvia-premium', 'twelve']],
    ['3719099', ['latvia', 'latvia-premium']],
    ['37160', ['latvia']],
    ['37', []],
    ['370', []],
  ])('%s has the names of all of them: %j', (digits, names) => {
    expect(risksOf(digits)).toEqual(names);
  });
});
