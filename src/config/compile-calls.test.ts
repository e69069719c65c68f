import { describe, expect, test } from 'vitest';
import type { Conflict } from './compile.ts';
import { checkCalls } from './compile-calls.ts';
import { settingsSchema } from './schema.ts';

function check(settings: Record<string, unknown>) {
  const problems: Conflict[] = [];
  const notices: string[] = [];
  const trunks = [{ name: 'carrier' }, { name: 'carrier-2' }];
  checkCalls(settingsSchema.parse(settings), trunks, problems, notices);
  return { notices, problems: problems.map(([{ path, text }]) => `${path.join('.')}: ${text}`) };
}
const route = (about: object) => ({ name: 'r', patterns: ['00.'], trunks: ['carrier'], ...about });
const routes = (...list: readonly object[]) => check({ outboundRoutes: list.map(route) });

describe('outbound routes are held against what they name', () => {
  test.each([
    [
      { trunks: ['carier'] },
      'outboundRoutes.0.trunks.0: found "carier", expected one of the trunks: carrier, carrier-2 (did you mean carrier?)',
    ],
    [
      { times: ['offcie'] },
      'outboundRoutes.0.times.0: found "offcie", expected one of the times: none is defined',
    ],
    [
      { pin: ['anna'] },
      'outboundRoutes.0.pin.0: found "anna", expected one of the PINs: none is defined',
    ],
    [
      { groups: ['sales'] },
      'outboundRoutes.0.groups.0: found "sales", expected one of the groups: none is defined',
    ],
    [
      { patterns: ['00.', 'X!'], strip: 2 },
      'outboundRoutes.0.strip: found 2, expected at most 1: a pattern takes numbers as short as that',
    ],
  ])('%j', (about, problem) => {
    expect(routes(about).problems).toEqual([problem]);
  });

  test('none strips digits that its pattern does not name', () => {
    const list = { patterns: ['00.', '+.', '0043!', '+49.'], strip: 2 };
    expect(routes(list).notices).toEqual([
      'route r: strip 2 takes more off than "+." names, and what is called is another number than what was judged',
    ]);
    expect(routes({ strip: 2 }, { name: 'home', patterns: ['+49.'], strip: 3 }).notices).toEqual(
      [],
    );
  });

  test('each has a name of its own', () => {
    expect(routes({}, { patterns: ['01.'] }).problems).toEqual([
      'outboundRoutes.1.name: found a second route called "r", expected a name of its own for each',
    ]);
  });

  test.each(['trunks', 'patterns'])('and at least one of %s', (key) => {
    expect(settingsSchema.safeParse({ outboundRoutes: [route({ [key]: [] })] }).success).toBe(
      false,
    );
  });
});

describe('what is dialled before a number abroad is to be said', () => {
  const noticesIn = (homeCountry: string, internationalPrefixes: string[] | null = null) =>
    check({ site: { homeCountry, dialPlan: { internationalPrefixes } } }).notices;

  test('where it may be read in two ways', () => {
    expect(noticesIn('HK')).toEqual([expect.stringContaining('internationalPrefixes says which')]);
    expect(noticesIn('HK', ['001'])).toEqual([]);
  });

  test.each(['DE', 'US', 'KR', 'SG', 'ID', 'BR', 'RU', 'FI'])('and nowhere else: %s', (home) => {
    expect(noticesIn(home)).toEqual([]);
  });
});

describe('a pattern that is never reached is said', () => {
  test.each([
    ['00.', '0043!', true],
    ['0!', '00.', true],
    ['X.', '00.', true],
    ['[0-9]0.', '00Z.', true],
    ['.', '+.', true],
    ['XXX', '911', true],
    ['00X.', '00.', false],
    ['X.', '.', false],
    ['0043.', '0043!', false],
    ['XXX', '9111', false],
    ['XX!', 'X!', false],
  ])('%s before %s: %s', (before, after, never) => {
    const { notices } = routes({ patterns: [before] }, { name: 'late', patterns: [after] });
    expect(notices).toEqual(
      never ? [`route late: "${after}" is never reached, "${before}" of r comes first`] : [],
    );
  });
  test('but not behind a route for some, or for a time', () => {
    const late = { name: 'late', patterns: ['0043.'] };
    expect(routes({ extensions: ['1001'] }, late).notices).toEqual([]);
  });
});

describe('a route for calls abroad that is gone around by dialling without its prefix is said', () => {
  const german = { site: { homeCountry: 'DE' } };
  const sales = { extensions: { groups: { sales: {} } } };
  const said = (...list: readonly object[]) =>
    check({ ...german, ...sales, outboundRoutes: list.map(route) }).notices;
  const abroad = { name: 'abroad', patterns: ['00.'], groups: ['sales'] };
  const rest = { name: 'rest', patterns: ['X.'] };

  test('with what would take all of them', () => {
    expect(said(abroad, rest)).toEqual([
      'route rest: "X." takes calls abroad that are dialled without 00 (44… for 0044…), past what route abroad asks for: "+." in place of "00." there takes all of them',
    ]);
    expect(said(abroad, { ...rest, patterns: ['+.'] })).toHaveLength(1);
    const austria = { ...abroad, patterns: ['0043.'] };
    expect(said(austria, { ...rest, patterns: ['!'] })).toEqual([
      expect.stringMatching(/^route rest: "!" takes .*: "\+43\." in place of "0043\." there/),
    ]);
  });

  test.each([
    [
      'where it takes them however they are dialled',
      [{ ...abroad, patterns: ['00.', '+.'] }, rest],
    ],
    [
      'where another route takes them first',
      [abroad, { ...abroad, name: 'b', patterns: ['+.'] }, rest],
    ],
    ['where it asks for nothing', [{ ...abroad, groups: [] }, rest]],
    ['where the later one asks for the same', [abroad, { ...rest, groups: ['sales'] }]],
    [
      'where the later one takes no number so long',
      [abroad, { ...rest, patterns: ['XXX', '0Z.'] }],
    ],
  ])('but not %s', (_where, list) => {
    expect(said(...list)).toEqual([]);
  });
});

describe('times, PINs and extensions are held against what they name', () => {
  test.each([
    [
      { times: { office: {} }, extensions: { list: { 1001: { times: ['ofice'] } } } },
      'extensions.list.1001.times.0: found "ofice", expected one of the times: office (did you mean office?)',
    ],
    [
      { extensions: { defaults: { times: ['office'] } } },
      'extensions.defaults.times.0: found "office", expected one of the times: none is defined',
    ],
    [
      {
        pins: { anna: { hash: `hmac-sha256:${'s'.repeat(22)}:${'m'.repeat(43)}`, routes: ['x'] } },
      },
      'pins.anna.routes.0: found "x", expected one of the routes: none is defined',
    ],
  ])('%j', (settings, problem) => {
    expect(check(settings).problems).toEqual([problem]);
  });

  test('a route that asks for a PIN which nobody can dial is said', () => {
    expect(routes({ pin: 'any' }).notices).toEqual([
      'a route asks for any PIN, but policies/pins.yaml has none: drawbridge pin add',
    ]);
  });
  test('a PIN in clear is refused', () => {
    expect(settingsSchema.safeParse({ pins: { anna: { hash: '1234' } } }).success).toBe(false);
  });
});
