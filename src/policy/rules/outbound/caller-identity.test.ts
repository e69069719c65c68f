import { describe, expect, test } from 'vitest';
import {
  aCall,
  aProfile,
  aSource,
  noCounts,
  outcomeOf,
  someSite,
} from '../../../../test/support/some-facts.ts';
import type { Identity } from '../../facts.ts';
import { callerIdentity } from './caller-identity.ts';

const site = someSite({ homeCountry: 'DE' });
const rule = (options: object = {}) =>
  callerIdentity.create(callerIdentity.options.parse(options), site);
const shows = (
  user: string | undefined,
  header: Identity['header'] = 'From',
  more: Parameters<typeof aCall>[0] = {},
) => {
  const from: Identity = { header: 'From', user: '1001' };
  const shown = { header, user };
  return aCall({ identities: header === 'From' ? [shown] : [from, shown], ...more });
};
const judged = (facts: ReturnType<typeof aCall>, options: object = {}) =>
  outcomeOf(rule(options).judge(facts, noCounts));
const headers = [
  'From',
  'P-Asserted-Identity',
  'P-Preferred-Identity',
  'Remote-Party-ID',
  'Authorization',
] as const;

describe('caller-identity (O12)', () => {
  test.each(headers)("refuses another's number in %s, and passes its own", (header) => {
    expect(judged(shows('1002', header))).toBe('caller-not-own');
    expect(judged(shows('1001', header))).toBe('pass');
  });
  test('refuses the second of two identities as well as the first', () => {
    const identities: Identity[] = [
      { header: 'From', user: '1001' },
      { header: 'P-Asserted-Identity', user: '1001' },
      { header: 'P-Asserted-Identity', user: '+4930999999' },
    ];
    expect(judged(aCall({ identities }))).toBe('caller-not-own');
  });
  test('passes the numbers that the extension may show, however they are written', () => {
    const profile = aProfile({ identities: ['+493012345678', 'sales'] });
    for (const user of ['+493012345678', '03012345678', '00493012345678', 'sales'])
      expect(judged(shows(user, 'From', { profile }))).toBe('pass');
    expect(judged(shows('03012345679', 'From', { profile }))).toBe('caller-not-own');
  });
  test.each(headers)('refuses a %s that cannot be read: the PBX might', (header) => {
    expect(judged(shows(undefined, header))).toBe('caller-not-own');
  });
  test('lets an extension show no number, unless told otherwise', () => {
    for (const user of ['', 'anonymous', 'Anonymous']) {
      const hidden = shows(user, 'From', { anonymous: true });
      expect(judged(hidden)).toBe('pass');
      expect(judged(hidden, { anonymous: false })).toBe('caller-hidden');
    }
  });
  test('an asserted identity without a number is none', () => {
    expect(judged(shows('', 'P-Asserted-Identity'))).toBe('caller-not-own');
  });
  test.each([
    ['the PBX', { realm: 'core' }],
    ['an allowed address', { tier: 'trusted' }],
  ] as const)('%s shows whom it likes', (_who, source) => {
    expect(judged(shows('1002', 'From', { source: aSource(source) }))).toBe('pass');
  });
  test('explains by the header, and names the setting that would allow it', () => {
    const listed = someSite({}, { list: { 1001: { identities: ['200'] } } });
    const own = callerIdentity.create(callerIdentity.options.parse({}), listed);
    const profile = listed.extensions.profileOf('1001');
    expect(own.explain(shows('1002', 'Remote-Party-ID', { profile }), noCounts)).toEqual({
      saw: 'Remote-Party-ID shows 1002, own are 1001 200',
      setting: ['extensions', 'list', '1001', 'identities'],
      flip: 'call as 1001, or add 1002 to its identities',
    });
    expect(
      rule({ anonymous: false }).explain(shows('', 'From', { anonymous: true }), noCounts),
    ).toMatchObject({ setting: ['outbound', 'caller-identity', 'anonymous'] });
  });
});
