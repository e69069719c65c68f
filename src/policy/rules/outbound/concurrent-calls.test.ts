import { describe, expect, test } from 'vitest';
import { aCall, noCounts, outcomeOf, someSite } from '../../../../test/support/some-facts.ts';
import { concurrentCalls } from './concurrent-calls.ts';

const site = someSite(
  {},
  {
    groups: { sales: { concurrentCalls: 2 }, office: {} },
    list: { 1002: { groups: ['sales', 'office'] }, 1003: { concurrentCalls: 0 } },
  },
);
const rule = (options: object = {}) =>
  concurrentCalls.create(concurrentCalls.options.parse(options), site);
const by = (extension: string, about: Parameters<typeof aCall>[0] = {}) =>
  aCall({ extension, profile: site.extensions.profileOf(extension), ...about });
const counted = (live: Readonly<Record<string, number>>) => ({
  ...noCounts,
  live: (key: string) => live[key] ?? 0,
});
const judged = (live: Readonly<Record<string, number>>, facts = by('1001'), options: object = {}) =>
  outcomeOf(rule(options).judge(facts, counted(live)));

describe('concurrent-calls (O8)', () => {
  test('lets an extension have five calls at once and not six', () => {
    expect(judged({ 'extension:1001': 4 })).toBe('pass');
    expect(judged({ 'extension:1001': 5 })).toBe('calls-too-many');
  });
  test('goes by what is said of the extension or its group before that', () => {
    expect(judged({ 'extension:1002': 1 }, by('1002'))).toBe('pass');
    expect(judged({ 'extension:1002': 2 }, by('1002'))).toBe('calls-too-many');
    expect(judged({}, by('1003'))).toBe('calls-too-many');
  });
  test('limits all extensions of a group together', () => {
    const options = { groups: { office: 3 } };
    expect(judged({ 'group:office': 2 }, by('1002'), options)).toBe('pass');
    expect(judged({ 'group:office': 3 }, by('1002'), options)).toBe('calls-too-many');
    expect(judged({ 'group:office': 3 }, by('1001'), options)).toBe('pass');
  });
  test.each([
    ['source', { source: 2 }, 'source:198.51.100.7'],
    ['all', { all: 2 }, 'all'],
    ['trunk', { trunks: { carrier: 2 } }, 'trunk:carrier'],
    ['route', { routes: { abroad: 2 } }, 'route:abroad'],
  ])('limits by %s when told to', (_what, options, key) => {
    const route = { name: 'abroad' } as NonNullable<ReturnType<typeof aCall>['route']>;
    const call = by('1001', { trunk: 'carrier', route });
    expect(judged({ [key]: 1 }, call, options)).toBe('pass');
    expect(judged({ [key]: 2 }, call, options)).toBe('calls-too-many');
    expect(judged({ [key]: 2 }, call)).toBe('pass');
  });
  test('explains by what is full, and the setting that says so', () => {
    expect(rule().explain(by('1002'), counted({ 'extension:1002': 2 }))).toEqual({
      saw: 'extension:1002 has 2 live, allowed 2',
      setting: ['extensions', 'groups', 'sales', 'concurrentCalls'],
      flip: 'end a call, or allow extension:1002 3',
    });
    expect(rule().explain(by('1001'), counted({ 'extension:1001': 5 })).setting).toEqual([
      'outbound',
      'concurrent-calls',
      'extension',
    ]);
  });
});
