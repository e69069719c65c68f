import { expect, test } from 'vitest';
import { Homes } from './homes.ts';

const DAY = 86_400_000;
const AT = Date.UTC(2026, 6, 1, 12);

test('where an extension was registered is its home for a month, and nobody else’s', () => {
  const homes = new Homes();
  homes.seen('1001', '192.0.2.1', AT);
  expect(homes.has('1001', '192.0.2.1', AT + 29 * DAY)).toBe(true);
  expect(homes.has('1001', '192.0.2.1', AT + 30 * DAY)).toBe(false);
  expect(homes.has('1001', '192.0.2.2', AT)).toBe(false);
  expect(homes.has('1002', '192.0.2.1', AT)).toBe(false);
});

test('each time anew', () => {
  const homes = new Homes();
  homes.seen('1001', '192.0.2.1', AT);
  homes.seen('1001', '192.0.2.1', AT + 20 * DAY);
  expect(homes.has('1001', '192.0.2.1', AT + 49 * DAY)).toBe(true);
});
