import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hostileIn, mayBeHostile } from '../policy/rules/network/hostile-text.ts';
import { userOf, userOfUri } from './user-part.ts';

const pieces = [
  ...[
    'sip:',
    'SIPS:',
    'tel:',
    'TEL:',
    '<',
    '>',
    '"',
    "'",
    '`',
    '@',
    ';',
    ':',
    ' ',
    '\t',
    '\r\n',
    '\x01',
  ],
  ...[
    '%27',
    '%00',
    '%3Cscript',
    '<script',
    '${jndi:',
    'javascript:',
    '$(',
    '&&',
    '|/bin/',
    ';/bin/',
  ],
  ...[
    ';wget ',
    'union select',
    'UNION+select',
    ' or ',
    '--',
    '=',
    '1001',
    'example.com',
    'é',
    ';tag=1',
  ],
];
/** These are hostile in the user part of a URI that can be read. */
const inUsers = [
  ...["'", '`', '--', '=', '||', '/*', 'union', '+select', 'drop', '$(', '&&', '|/bin/', '!'],
  ...['%27', '%20or%20', '%3Cscript', '%00', '$', '{jndi', '1', 'a', '.', '+', '&', '|', ';', ':'],
];

const written = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join('')),
  fc
    .array(fc.constantFrom(...pieces), { maxLength: 5 })
    .map((parts) => `"x" <sip:${parts.join('')}@example.com>;tag=1`),
  fc
    .array(fc.constantFrom(...inUsers), { maxLength: 5 })
    .map((parts) => `<sip:${parts.join('')}@example.com>`),
);

test('what is not suspicious as it is written holds no hostile name', () => {
  fc.assert(
    fc.property(written, (text) => {
      if (mayBeHostile(text)) return;
      expect([hostileIn(userOf(text)), hostileIn(userOfUri(text))]).toEqual([undefined, undefined]);
    }),
    { numRuns: 5000 },
  );
});

test.each([
  `<sip:1' or 1=1--@example.com>`,
  '<sip:%31%27%20or%201@example.com>',
  'sip:x&&reboot@example.com',
  'tel:<script',
  'sip:a`b@example.com',
  'sip:1union+select@example.com',
  'sip:$(reboot)@example.com',
  'sip:a|/bin/sh@example.com',
])('%j is looked at closer', (text) => {
  expect(mayBeHostile(text)).toBe(true);
});

test.each([
  ['sip:1001%00x@h', '1001'],
  ['sip:%31001;x=y@h', '1001'],
  ['sip:1001%3b%00@h', '1001'],
  ['sip:%00@h', ''],
  ['sip:1001@h', '1001'],
])('a name ends where it ends for a PBX: %s', (uri, name) => {
  expect(userOfUri(uri)).toBe(name);
});
