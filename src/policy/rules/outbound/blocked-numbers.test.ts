import { describe, expect, test } from 'vitest';
import { cpuMeter } from '../../../../test/support/cpu-meter.ts';
import { aCall, noCounts, someSite } from '../../../../test/support/some-facts.ts';
import { blockedNumbers } from './blocked-numbers.ts';

const scene = (options: object = {}, extensions: object = {}) => {
  const site = someSite({ homeCountry: 'DE', dialPlan: { outsidePrefix: '9' } }, extensions);
  const rule = blockedNumbers.create(blockedNumbers.options.parse(options), site);
  const dials = (number: string, extension = '1001') =>
    aCall({
      dialled: site.readDialled(number),
      extension,
      profile: site.extensions.profileOf(extension),
    });
  const verdict = (number: string, extension?: string) =>
    rule.judge(dials(number, extension), noCounts).kind;
  return { rule, dials, verdict };
};

describe('blocked-numbers (O6)', () => {
  test('blocks nothing by default', () => {
    expect(scene().verdict('09001234567')).toBe('pass');
  });
  test('blocks exact numbers and patterns, and only those', () => {
    const { verdict } = scene({ blocked: ['03012345678', '0180Z.', '*72'] });
    expect(['03012345678', '018051234', '*72'].map((number) => verdict(number))).toEqual(
      Array(3).fill('reject'),
    );
    expect(['03012345679', '0180', '018001', '*73'].map((number) => verdict(number))).toEqual(
      Array(4).fill('pass'),
    );
  });
  test.each(['03012345678', '00493012345678', '+49 30 123456-78', '+493012345678'])(
    'finds %s by its international form',
    (number) => {
      expect(scene({ blocked: ['+493012345678'] }).verdict(number)).toBe('reject');
      expect(scene({ blocked: ['4930XXXXXXXX'] }).verdict(number)).toBe('reject');
    },
  );
  test.each([
    '013712345678',
    '+49 137 12345678',
    '004913712345678',
    '9013712345678',
    '900 49137 12345678',
  ])('finds %s by its national form', (number) => {
    expect(scene({ blocked: ['0137.'] }).verdict(number)).toBe('reject');
  });
  test.each(['0043123456', '+43123456', '90043123456'])('finds %s by its prefix', (number) => {
    expect(scene({ blocked: ['0043.'] }).verdict(number)).toBe('reject');
  });
  test('takes out of what is blocked what is allowed', () => {
    const { verdict } = scene({ blocked: ['030.'], allowed: ['0301234567X'] });
    expect([verdict('03012345670'), verdict('03012345680')]).toEqual(['pass', 'reject']);
  });
  test('an extension and its group add to it, and allow', () => {
    const { verdict } = scene(
      { blocked: ['030.'], allowed: ['03011111111'] },
      {
        groups: { trainees: { blockedNumbers: ['089.'] } },
        list: {
          1002: { allowedNumbers: ['03012345678'] },
          1003: { groups: ['trainees'] },
          1004: { blockedNumbers: ['03011111111'] },
        },
      },
    );
    expect([verdict('03012345678', '1002'), verdict('03012345679', '1002')]).toEqual([
      'pass',
      'reject',
    ]);
    expect([verdict('08912345678', '1003'), verdict('08912345678', '1001')]).toEqual([
      'reject',
      'pass',
    ]);
    expect([verdict('03011111111', '1001'), verdict('03011111111', '1004')]).toEqual([
      'pass',
      'reject',
    ]);
  });
  test('what an extension is allowed counts more than what is blocked for it', () => {
    const own = { blockedNumbers: ['089.'], allowedNumbers: ['08912345678'] };
    const { verdict } = scene({}, { list: { 1002: own } });
    expect([verdict('08912345678', '1002'), verdict('08912345679', '1002')]).toEqual([
      'pass',
      'reject',
    ]);
  });
  test('a thousand patterns cost no more than a look', () => {
    const blocked = Array.from({ length: 1000 }, (_, at) => `0${1000 + at}XX[1-5].`);
    const { rule, dials } = scene({ blocked });
    const call = dials('01999001234');
    const spent = cpuMeter();
    for (let round = 0; round < 10_000; round++) rule.judge(call, noCounts);
    expect(spent()).toBeLessThan(500);
  });
  test('explains by the entry that decides', () => {
    const { rule, dials } = scene({ blocked: ['089.', '030.'] });
    expect(rule.explain(dials('03012345678'), noCounts)).toMatchObject({
      saw: '03012345678 (+493012345678), blocked has 030.',
      setting: ['outbound', 'blocked-numbers', 'blocked', 1],
    });
    const own = scene({}, { defaults: { blockedNumbers: ['030.'] } });
    expect(own.rule.explain(own.dials('03012345678'), noCounts).setting).toEqual([
      'extensions',
      'defaults',
      'blockedNumbers',
      0,
    ]);
  });
  test('refuses a pattern at load time that cannot be read', () => {
    expect(blockedNumbers.options.safeParse({ blocked: ['090[1-'] }).success).toBe(false);
  });
});
