import { expect, test } from 'vitest';
import { aResponse } from '../../../../test/support/a-message.ts';
import { destination, redirections } from './destinations.ts';

test.each([
  ['sip:a.example', 'sip:a.example'],
  ['sip:sips:a.example', 'sips:a.example'],
  ['sip:sips:a@b.example:5061', 'sips:a@b.example:5061'],
  ['sip:SIP:a.example', 'SIP:a.example'],
  ['sip:sips:5061', 'sip:sips:5061'], // a host of that name
  ['tel:+4930', 'tel:+4930'],
])('%s means %s', (written, meant) => {
  expect(destination(written)).toEqual({ uri: meant, redirected: false });
});

test('a redirection leads to its SIP Contacts, the preferred first and those without a preference before', () => {
  const moved = aResponse({
    startLine: 'SIP/2.0 302 Moved',
    headers: {
      Contact: [
        '<sip:low@a.example>;q=0.1, <tel:+49>, sip:plain@a.example',
        '"x" <sip:high@a.example?Subject=y>;q=0.9, *, <sip:odd@a.example>;q=x',
      ],
    },
  });
  expect(redirections(moved).map(({ uri }) => uri)).toEqual([
    'sip:plain@a.example',
    'sip:high@a.example',
    'sip:low@a.example',
    'sip:odd@a.example',
  ]);
  expect(redirections(moved).every(({ redirected }) => redirected)).toBe(true);
  expect(redirections(aResponse({ headers: { Contact: undefined } }))).toEqual([]);
});
