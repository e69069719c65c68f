import { describe, expect, test } from 'vitest';
import {
  aCall,
  aNumber,
  aSource,
  noCounts,
  outcomeOf,
  someSite,
} from '../../../../test/support/some-facts.ts';
import { inboundFrequency } from './inbound-frequency.ts';

const rule = (options: object = {}) =>
  inboundFrequency.create(inboundFrequency.options.parse(options), someSite());
const call = (about: Parameters<typeof aCall>[0] = {}) =>
  aCall({
    source: aSource({ realm: 'trunk', tier: 'trusted' }),
    from: '+49301',
    dialled: aNumber({ digits: '030999', e164: '+4930999' }),
    trunk: 'carrier',
    ...about,
  });
const judged = (key: string, calls: number, facts = call(), options: object = {}) =>
  outcomeOf(
    rule(options).judge(facts, {
      ...noCounts,
      calls: (asked, seconds) => (asked === key && seconds === 10 ? calls : 1),
    }),
  );

describe('inbound-frequency (I2)', () => {
  test.each([
    ['caller:+49301', 10],
    ['called:+4930999', 20],
    ['trunk:carrier', 50],
  ])('lets %s have %i calls in ten seconds and not one more', (key, most) => {
    expect(judged(key, most)).toBe('pass');
    expect(judged(key, most + 1)).toBe('calls-too-frequent');
  });
  test('does not take all callers without a number for one', () => {
    expect(judged('caller:anonymous', 1000, call({ from: 'anonymous', anonymous: true }))).toBe(
      'pass',
    );
  });
  test('null takes a limit away', () => {
    expect(judged('called:+4930999', 1000, call(), { called: null })).toBe('pass');
  });
  test('explains by what floods', () => {
    const counters = { ...noCounts, calls: (key: string) => (key.startsWith('called') ? 21 : 1) };
    expect(rule().explain(call(), counters)).toEqual({
      saw: 'call 21 of called +4930999 in 10 s, allowed 20',
      setting: ['inbound', 'inbound-frequency', 'called'],
      flip: 'wait 10 s, or allow 21 calls',
    });
  });
});
