import { expect, test } from 'vitest';
import type { CallFacts } from './call-facts.ts';
import { CallLeases } from './call-leases.ts';
import type { Call } from './signaling.ts';

const facts = { callId: 'a', fromTag: 'b', at: 1000 } as CallFacts;
const call = { id: 'a;from-tag=b;to-tag=c' } as Call;

test('a call that takes its places only when it is answered has them until it ends (N12, O8)', () => {
  const leases = new CallLeases();
  leases.started(call);
  leases.open(facts, ['extension 1001'])?.(200);
  expect(leases.ledger.live('extension 1001')).toBe(1);
  leases.ended(call);
  expect(leases.ledger.live('extension 1001')).toBe(0);
});

test('a call that has no places leaves nothing behind', () => {
  const leases = new CallLeases();
  leases.started(call);
  leases.ended(call);
  leases.open(facts, ['extension 1001'])?.(486);
  expect(leases.ledger.live('extension 1001')).toBe(0);
});
