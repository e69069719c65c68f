import { describe, expect, test } from 'vitest';
import { compile } from './compile.ts';
import { settingsSchema } from './schema.ts';

/** What is said of these files. */
function said(tree: unknown): { problems: readonly string[]; notices: readonly string[] } {
  const compiled = compile(settingsSchema.parse(tree), { environment: {}, ipv6: true });
  return compiled.ok
    ? { problems: [], notices: compiled.notices }
    : {
        problems: compiled.problems.map(([{ path, text }]) => `${path.join('.')}: ${text}`),
        notices: [],
      };
}

describe('what is named must be somewhere', () => {
  test.each([
    [
      'a group',
      { extensions: { groups: { sales: {} }, list: { 1001: { groups: ['salse'] } } } },
      'extensions.list.1001.groups.0: found "salse", expected one of the groups: sales (did you mean sales?)',
    ],
    [
      'a group where there is none',
      { extensions: { list: { 1001: { groups: ['sales'] } } } },
      'extensions.list.1001.groups.0: found "sales", expected one of the groups: none is defined',
    ],
    [
      'a rule',
      { extensions: { defaults: { rules: { 'allowed-country': 'off' } } } },
      /^extensions\.defaults\.rules\.allowed-country: .*\(did you mean allowed-countries\?\)$/,
    ],
    [
      'the group of a limit',
      {
        extensions: { groups: { sales: {} } },
        outbound: { 'concurrent-calls': { groups: { sale: 3 } } },
      },
      'outbound.concurrent-calls.groups.sale: found "sale", expected one of the groups: sales (did you mean sales?)',
    ],
    [
      'the trunk of a limit, which may have no name of its own',
      {
        trunks: [{ uri: 'sip:203.0.113.5' }],
        inbound: { 'inbound-calls': { trunks: { '203.0.113.5': 3, carrier: 3 } } },
      },
      /^inbound\.inbound-calls\.trunks\.carrier: found "carrier", expected one of the trunks: 203/,
    ],
    [
      'the group of a limit in a list',
      {
        outbound: {
          'call-frequency': {
            limits: [{ calls: 1, seconds: 1, each: 'group', groups: ['sales'] }],
          },
        },
      },
      /^outbound\.call-frequency\.limits\.0\.groups\.0: found "sales", expected one of the groups: none is defined/,
    ],
    [
      'the rule of an exception',
      {
        exceptions: {
          fair: { rule: 'no-guest', extension: '1001', until: '2099-01-01', why: 'x' },
        },
      },
      /^exceptions\.fair\.rule: .*\(did you mean no-guests\?\)$/,
    ],
    [
      'the end of an exception',
      { exceptions: { fair: { rule: 'no-guests', extension: '1001', until: 'noon', why: 'x' } } },
      'exceptions.fair.until: found "noon", expected a moment such as 2026-12-01 18:00',
    ],
    [
      'the source of an exception to what is asked before anybody is known',
      {
        exceptions: {
          fair: { rule: 'scanners', extension: '1001', until: '2099-01-01', why: 'x' },
        },
      },
      /^exceptions\.fair\.rule: found no source, expected one: scanners is asked when nobody knows/,
    ],
    [
      'the extension of an exception, where others are refused',
      {
        extensions: { unlisted: 'refuse' },
        exceptions: {
          fair: { rule: 'no-guests', extension: '1001', until: '2099-01-01', why: 'x' },
        },
      },
      /^exceptions\.fair\.extension: found 1001, which is in no list/,
    ],
  ])('%s', (_what, tree, problem) => {
    expect(said(tree).problems).toEqual([
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    ]);
  });
});

test('an exception that has ended is said', () => {
  const fair = { rule: 'no-guests', extension: '1001', until: '2020-01-01', why: 'x' };
  expect(said({ exceptions: { fair } }).notices).toEqual([
    'the exception fair ended at 2020-01-01',
  ]);
});

test('extensions that the dial plan takes for numbers outside are said', () => {
  const list = { 1001: {}, 100001: {}, 100002: {}, anna: {} };
  expect(said({ extensions: { list } }).notices).toEqual([
    expect.stringMatching(/^extension 100001 and 1 more is no extension/),
  ]);
});
