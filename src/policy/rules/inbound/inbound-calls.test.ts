import { describe, expect, test } from 'vitest';
import {
  aCall,
  aNumber,
  aSource,
  noCounts,
  outcomeOf,
  someSite,
} from '../../../../test/support/some-facts.ts';
import { inboundCalls } from './inbound-calls.ts';

const rule = (options: object = {}) =>
  inboundCalls.create(inboundCalls.options.parse(options), someSite());
const call = aCall({
  source: aSource({ realm: 'trunk', tier: 'trusted' }),
  from: '+49301',
  dialled: aNumber({ digits: '030999', e164: '+4930999' }),
  trunk: 'carrier',
});
const judged = (live: Readonly<Record<string, number>>, options: object = {}) =>
  outcomeOf(rule(options).judge(call, { ...noCounts, live: (key) => live[key] ?? 0 }));

describe('inbound-calls (I2)', () => {
  test.each([
    ['caller:+49301', 5, {}],
    ['called:+4930999', 30, {}],
    ['trunk:carrier', 2, { trunk: 2 }],
    ['trunk:carrier', 3, { trunk: 2, trunks: { carrier: 3 } }],
    ['all', 2, { all: 2 }],
  ])('lets %s have %i calls at once and not one more', (key, most, options) => {
    expect(judged({ [key]: most - 1 }, options)).toBe('pass');
    expect(judged({ [key]: most }, options)).toBe('calls-too-many');
  });
  test.each(['unavailable', 'Restricted', 'Unknown', ''])('%j is no caller, but many', (from) => {
    const counters = { ...noCounts, live: (key: string) => (key.startsWith('caller:') ? 99 : 0) };
    expect(outcomeOf(rule().judge({ ...call, from }, counters))).toBe('pass');
  });
  test('limits no trunk by default', () => {
    expect(judged({ 'trunk:carrier': 10_000, all: 10_000 })).toBe('pass');
  });
  test('explains by what is full', () => {
    const counters = { ...noCounts, live: () => 3 };
    expect(rule({ trunks: { carrier: 3 }, caller: null }).explain(call, counters)).toEqual({
      saw: 'trunk:carrier has 3 live, allowed 3',
      setting: ['inbound', 'inbound-calls', 'trunks', 'carrier'],
      flip: 'end a call, or allow 4',
    });
  });
});
