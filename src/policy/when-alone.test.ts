import { describe, expect, test } from 'vitest';
import { aCall, aSource, noCounts, outcomeOf, someSite } from '../../test/support/some-facts.ts';
import { inboundCalls } from './rules/inbound/inbound-calls.ts';
import { inboundFrequency } from './rules/inbound/inbound-frequency.ts';
import { callFrequency } from './rules/outbound/call-frequency.ts';
import { concurrentCalls } from './rules/outbound/concurrent-calls.ts';

const site = someSite();
const outbound = aCall({ extension: '1001' });
const inbound = aCall({ source: aSource({ realm: 'trunk' }), trunk: 'carrier' });
const make = (whenAlone: string | undefined) => {
  const said = whenAlone === undefined ? {} : { whenAlone };
  return {
    'concurrent-calls': concurrentCalls.create(concurrentCalls.options.parse(said), site),
    'call-frequency': callFrequency.create(callFrequency.options.parse(said), site),
    'inbound-calls': inboundCalls.create(inboundCalls.options.parse(said), site),
    'inbound-frequency': inboundFrequency.create(inboundFrequency.options.parse(said), site),
  };
};
const alone = { ...noCounts, alone: () => true };

describe.each([
  ['concurrent-calls', outbound],
  ['call-frequency', outbound],
  ['inbound-calls', inbound],
  ['inbound-frequency', inbound],
] as const)('%s, while the other nodes cannot be asked', (name, call) => {
  test.each([undefined, 'open'])('goes by the calls here, set to %s', (said) => {
    expect(outcomeOf(make(said)[name].judge(call, alone))).toBe('pass');
  });
  test('refuses when it is closed, and says by which setting', () => {
    const rule = make('closed')[name];
    expect(outcomeOf(rule.judge(call, alone))).toBe('others-unknown');
    expect(rule.explain(call, alone).setting?.at(-1)).toBe('whenAlone');
  });
  test('is as always where they can be asked, or there are none', () => {
    expect(outcomeOf(make('closed')[name].judge(call, noCounts))).toBe('pass');
  });
});
