import { expect, test } from 'vitest';
import { someSite } from '../../test/support/some-facts.ts';
import { addressWithoutPin, withoutPin } from './hidden-pins.ts';
import { hashPin } from './pin-check.ts';

const key = new Uint8Array(32).fill(7);
const site = someSite({}, {}, { pins: { anna: { hash: hashPin('4711', 's'.repeat(22), key) } } });

test.each([
  ['sip:4711*0043123@gate', 'sip:0043123@gate'],
  ['sip:4711%2A0043123@gate;user=phone', 'sip:0043123@gate;user=phone'],
  ['tel:4711*0043123', 'tel:0043123'],
  ['sip:0043123@gate', 'sip:0043123@gate'],
  // as a call to it is read: escapes are undone once, and it has no PIN then
  ['sip:4711%252A0043123@gate', 'sip:4711%252A0043123@gate'],
])('%s is shown as %s', (dialled, shown) => {
  expect(withoutPin(dialled, site)).toBe(shown);
  expect(addressWithoutPin(`"A" <${dialled}>;tag=1`, site)).toBe(`"A" <${shown}>;tag=1`);
});

test('nothing is taken for one where there are none', () => {
  const without = someSite();
  expect(withoutPin('sip:4711*0043123@gate', without)).toBe('sip:4711*0043123@gate');
});
