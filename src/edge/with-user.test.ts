import { expect, test } from 'vitest';
import { withUser } from './with-user.ts';

test.each([
  ['sip:0049301@gate.example.com', '+49301', 'sip:+49301@gate.example.com'],
  ['sip:1234*0049@192.0.2.1:5060;transport=tcp', '0049', 'sip:0049@192.0.2.1:5060;transport=tcp'],
  ['sips:1;phone-context=+44:secret@[2001:db8::1]', '2', 'sips:2@[2001:db8::1]'],
  ['SIP:1@a;user=phone?Subject=x', '*21#', 'SIP:*21%23@a;user=phone?Subject=x'],
  ['sip:gate.example.com', '1', 'sip:1@gate.example.com'],
  ['tel:+49-301', '+49301', 'sip:+49301@carrier.test;user=phone'],
])('%s with %s is %s', (uri, number, expected) => {
  expect(withUser(uri, number, 'carrier.test')).toBe(expected);
});
