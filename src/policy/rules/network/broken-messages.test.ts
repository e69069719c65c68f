import { describe, expect, test } from 'vitest';
import {
  aPacket,
  aSource,
  countersOfOwn,
  noCounts,
  someSite,
} from '../../../../test/support/some-facts.ts';

import type { Source } from '../../facts.ts';
import { brokenMessages } from './broken-messages.ts';

const rule = (options: object = {}) =>
  brokenMessages.create(brokenMessages.options.parse(options), someSite());
const broken = (source: Partial<Source> = {}) => ({
  ...aPacket({ at: 1_800_000_000_000, source: aSource(source) }),
  problem: 'content-length',
});

describe('broken-messages (N9)', () => {
  test('leaves a stranger without an answer, and blocks after twenty', () => {
    const asked = rule();
    const counters = countersOfOwn();
    const verdicts = Array.from({ length: 21 }, () => asked.judge(broken(), counters));
    expect(verdicts.slice(0, 20)).toEqual(
      Array.from({ length: 20 }, () => ({ kind: 'drop', reason: 'message-broken' })),
    );
    expect(verdicts[20]).toMatchObject({ kind: 'drop', block: { seconds: 3600 } });
  });
  test('a phone that is known is told what is wrong', () => {
    expect(rule().judge(broken({ tier: 'known' }), noCounts).kind).toBe('pass');
  });
  test('explains by what is wrong and how often', () => {
    const counters = { ...noCounts, packets: () => 7 };
    expect(rule().explain(broken(), counters)).toEqual({
      saw: 'content-length, number 7 in 60 s, 20 before it is blocked',
      flip: 'a message that is sound, or a phone that is registered',
    });
  });
});
