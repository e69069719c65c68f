import { expect, test } from 'vitest';
import { withoutUnread, withUser } from './with-user.ts';

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

test.each([
  ['sip:0;00442079460123@gate.test;user=phone', 'sip:0@gate.test;user=phone'],
  ['sip:1001%3b0044@gate.test', 'sip:1001@gate.test'],
  ['sip:1001%000044@gate.test', 'sip:1001@gate.test'],
  ['sip:2079460123;phone-context=+44@gate.test', 'sip:2079460123;phone-context=+44@gate.test'],
  ['sip:0;x=0;Phone-Context=+44;y=1@gate.test', 'sip:0;phone-context=+44@gate.test'],
  ['sip:0;phone-context=0442079460123@gate.test', 'sip:0@gate.test'],
  ['sip:0301234;phone-context=gate.test@gate.test', 'sip:0301234@gate.test'],
])('without what nobody has read, %s is %s', (uri, expected) => {
  expect(withoutUnread(uri, 'national')).toBe(expected);
});

test.each(['emergency', 'service', 'extension', 'unknown'] as const)(
  'nobody reads the context of what is %s',
  (kind) => {
    expect(withoutUnread('sip:*67;phone-context=+00442079460123@gate.test', kind)).toBe(
      'sip:*67@gate.test',
    );
  },
);

test.each(['sip:1001@gate.test;x=y', 'sip:gate.test;x=y', 'tel:1;phone-context=gate.test'])(
  '%s is all read',
  (uri) => {
    expect(withoutUnread(uri, 'national')).toBe(uri);
  },
);
