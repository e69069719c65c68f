import { expect, test } from 'vitest';
import { CallLeases } from './call-leases.ts';

const name = 'a;from-tag=b';

test('a call that takes its places only when it is answered has them until it ends (N12, O8)', () => {
  const leases = new CallLeases();
  leases.started(name);
  leases.open(name, ['extension 1001'], 1000)?.(200);
  expect(leases.ledger.live('extension 1001')).toBe(1);
  leases.ended(name);
  expect(leases.ledger.live('extension 1001')).toBe(0);
});

test('a call that has no places leaves nothing behind', () => {
  const leases = new CallLeases();
  leases.started(name);
  leases.ended(name);
  leases.open(name, ['extension 1001'], 1000)?.(486);
  expect(leases.ledger.live('extension 1001')).toBe(0);
});
