import { describe, expect, test } from 'vitest';
import {
  aPacket,
  aSource,
  countersOfOwn,
  noCounts,
  someSite,
} from '../../../../test/support/some-facts.ts';

import type { Source } from '../../facts.ts';
import { automaticDefence } from './automatic-defence.ts';

const rule = (options: object = {}) =>
  automaticDefence.create(automaticDefence.options.parse(options), someSite());
const AT = 1_800_000_000_000;

/** What becomes of so many packets, one every few milliseconds. */
function verdictsOf(count: number, everyMs: number, source: Partial<Source> = {}) {
  const counters = countersOfOwn();
  const asked = rule();
  return Array.from({ length: count }, (_, index) =>
    asked.judge(aPacket({ at: AT + index * everyMs, source: aSource(source) }), counters),
  );
}
const refused = (verdicts: readonly { readonly kind: string }[]) =>
  verdicts.findIndex(({ kind }) => kind !== 'pass');

describe('automatic-defence (N6)', () => {
  test.each([
    ['40 in 2 s on 5060/udp', 40, 10, {}],
    ['80 in 2 s on 5061/tcp', 80, 10, { toPort: 5061, transport: 'tls' }],
  ] as const)('lets through %s, and blocks who sends one more', (_what, most, everyMs, source) => {
    const verdicts = verdictsOf(most + 1, everyMs, source);
    expect(refused(verdicts)).toBe(most);
    expect(verdicts.at(-1)).toEqual({
      kind: 'drop',
      reason: 'packet-rate',
      block: { seconds: 3600 },
    });
  });
  test('blocks who sends 120 in 60 s on 5060/udp, however evenly', () => {
    const at = refused(verdictsOf(140, 450));
    // the beginning of the window may be forgotten, never more be counted than there was
    expect(at).toBeGreaterThanOrEqual(120);
    expect(at).toBeLessThan(135);
  });
  test.each([
    ['another port', { toPort: 5080 }],
    ['a phone', { tier: 'known' }],
    ['an address that phones are registered from', { familiar: true }],
  ] as const)('leaves %s alone', (_who, source) => {
    expect(refused(verdictsOf(500, 1, source))).toBe(-1);
  });
  test('counts each source for itself', () => {
    const counters = countersOfOwn();
    const asked = rule();
    const kinds = Array.from({ length: 100 }, (_, index) =>
      asked.judge(aPacket({ at: AT, source: aSource({ address: `192.0.2.${index}` }) }), counters),
    );
    expect(refused(kinds)).toBe(-1);
  });
  test('can be given other rates, and block nobody', () => {
    const rates = [{ port: 5090, protocol: 'udp', packets: 1, seconds: 10 }];
    const asked = rule({ rates, blockSeconds: 0 });
    const counters = countersOfOwn();
    const packet = aPacket({ at: AT, source: aSource({ toPort: 5090 }) });
    expect(asked.judge(packet, counters).kind).toBe('pass');
    expect(asked.judge(packet, counters)).toEqual({ kind: 'drop', reason: 'packet-rate' });
  });
  test('explains by the rate that was crossed', () => {
    const counters = {
      ...noCounts,
      packets: (_: string, __: string, seconds: number) => seconds * 25,
    };
    expect(rule().explain(aPacket(), counters)).toEqual({
      saw: '1500 packets to 5060/udp in 60 s, 120 allowed',
      setting: ['network', 'automatic-defence', 'rates', 0],
      flip: 'fewer packets, or its address among network.allowed',
    });
  });
});
