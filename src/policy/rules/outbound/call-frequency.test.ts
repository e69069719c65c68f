import { describe, expect, test } from 'vitest';
import {
  aCall,
  aProfile,
  aSource,
  noCounts,
  outcomeOf,
  someSite,
} from '../../../../test/support/some-facts.ts';
import { callFrequency } from './call-frequency.ts';

const rule = (limits?: readonly object[]) =>
  callFrequency.create(
    callFrequency.options.parse(limits === undefined ? {} : { limits }),
    someSite(),
  );
/** So many calls under each key, whatever the window: this one included. */
const counted = (calls: Readonly<Record<string, number>>) => ({
  ...noCounts,
  calls: (key: string) => calls[key] ?? 1,
});
const judged = (
  calls: Readonly<Record<string, number>>,
  facts: Parameters<typeof aCall>[0] = {},
  limits?: readonly object[],
) => outcomeOf(rule(limits).judge(aCall(facts), counted(calls)));
const sales = { profile: aProfile({ groups: ['sales'] }) };

describe('call-frequency (O7)', () => {
  test('lets an extension make five calls in a second and not six', () => {
    expect(judged({ 'extension:1001': 5 })).toBe('pass');
    expect(rule().judge(aCall(), counted({ 'extension:1001': 6 }))).toEqual({
      kind: 'reject',
      status: 480,
      reason: 'calls-too-frequent',
      retryAfterSeconds: 1,
    });
  });
  test('asks for the window that is set', () => {
    const asked: unknown[] = [];
    rule([{ calls: 100, seconds: 3600, each: 'extension' }]).judge(aCall(), {
      ...noCounts,
      calls: (...what) => asked.push(what),
    });
    expect(asked).toEqual([['extension:1001', 3600, aCall().at]]);
  });
  test('counts a call once that comes again with credentials', () => {
    expect(judged({ 'extension:1001': 6 }, { asksAgain: true })).toBe('pass');
  });
  test.each([
    ['group', 'group:sales'],
    ['source', 'source:198.51.100.7'],
    ['all', 'all'],
  ])('limits each %s', (each, key) => {
    const limits = [{ calls: 3, seconds: 10, each }];
    expect(judged({ [key]: 3 }, sales, limits)).toBe('pass');
    expect(judged({ [key]: 4 }, sales, limits)).toBe('calls-too-frequent');
    expect(
      judged({ [key]: 4 }, { extension: undefined, source: aSource({ key: 'x' }) }, limits),
    ).toBe(each === 'all' ? 'calls-too-frequent' : 'pass');
  });
  test('limits each route', () => {
    const limits = [{ calls: 1, seconds: 60, each: 'route' }];
    const route = { name: 'abroad' } as NonNullable<ReturnType<typeof aCall>['route']>;
    expect(judged({ 'route:abroad': 2 }, { route }, limits)).toBe('calls-too-frequent');
    expect(judged({ 'route:abroad': 2 }, {}, limits)).toBe('pass');
  });
  test('every limit that applies must hold', () => {
    const limits = [
      { calls: 5, seconds: 1, each: 'extension' },
      { calls: 20, seconds: 60, each: 'all' },
    ];
    expect(judged({ 'extension:1001': 5, all: 21 }, {}, limits)).toBe('calls-too-frequent');
    expect(judged({ 'extension:1001': 5, all: 20 }, {}, limits)).toBe('pass');
  });
  test('a limit for some takes the place of the one for all, and is for nobody else', () => {
    const limits = [
      { calls: 5, seconds: 1, each: 'extension' },
      { calls: 20, seconds: 1, each: 'extension', groups: ['sales'] },
      { calls: 1, seconds: 1, each: 'extension', extensions: ['1002'] },
    ];
    expect(judged({ 'extension:1001': 20 }, sales, limits)).toBe('pass');
    expect(judged({ 'extension:1001': 21 }, sales, limits)).toBe('calls-too-frequent');
    expect(judged({ 'extension:1001': 6 }, {}, limits)).toBe('calls-too-frequent');
    expect(judged({ 'extension:1002': 2 }, { extension: '1002' }, limits)).toBe(
      'calls-too-frequent',
    );
  });
  test('explains by the limit that is crossed', () => {
    const limits = [
      { calls: 5, seconds: 1, each: 'extension' },
      { calls: 20, seconds: 60, each: 'all' },
    ];
    expect(rule(limits).explain(aCall(), counted({ all: 21 }))).toEqual({
      saw: 'call 21 of all in 60 s, allowed 20',
      setting: ['outbound', 'call-frequency', 'limits', 1],
      flip: 'wait 60 s, or allow 21 calls in 60 s',
    });
    expect(rule(limits).explain(aCall(), noCounts).saw).toBe(
      'call 1 of extension:1001 in 1 s, allowed 5, call 1 of all in 60 s, allowed 20',
    );
  });
  test.each([
    ['a limit for nobody', { calls: 1, seconds: 1, each: 'extension', groups: [] }],
    ['a window without end', { calls: 1, seconds: 1e9, each: 'extension' }],
    ['an unknown each', { calls: 1, seconds: 1, each: 'person' }],
  ])('refuses %s at load time', (_what, limit) => {
    expect(callFrequency.options.safeParse({ limits: [limit] }).success).toBe(false);
  });
});
