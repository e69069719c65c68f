import { expect, test } from 'vitest';
import { FamiliarSources } from './familiar-sources.ts';
import { sourceOf } from './packed-address.ts';

test('an address is familiar as long as phones are registered from it, and for a while after', () => {
  const sources = new FamiliarSources();
  sources.came('192.0.2.7');
  sources.came('192.0.2.7');
  expect([sources.holds('192.0.2.7'), sources.has('192.0.2.7')]).toEqual([true, true]);
  sources.left('192.0.2.7');
  expect(sources.holds('192.0.2.7')).toBe(true);
  sources.left('192.0.2.7');
  expect(sources.holds('192.0.2.7')).toBe(false);
  expect(sources.has('192.0.2.7')).toBe(true);
  expect(sources.has('192.0.2.8')).toBe(false);
});

test('an IPv6 address is familiar with its /64', () => {
  const sources = new FamiliarSources();
  sources.came('2001:db8::1');
  expect(sources.has(sourceOf('2001:db8::ffff'))).toBe(true);
  expect(sources.has(sourceOf('2001:db8:0:1::1'))).toBe(false);
});
