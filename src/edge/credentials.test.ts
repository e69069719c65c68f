import { describe, expect, test } from 'vitest';
import { readMessage } from '../sip/message/read-message.ts';
import { ChallengeMarks } from './challenge-marks.ts';
import {
  areForOurs,
  areProven,
  bringsPassword,
  onlyCredentials,
  unmarkedCredentials,
} from './credentials.ts';
import { sourceOf } from './packed-address.ts';
import type { Flow } from './signaling.ts';

const marks = new ChallengeMarks(new Uint8Array(32));
const ours = marks.markOwn('Digest realm="pbx", nonce="n"', '192.0.2.1', 0);
const guess = 'Digest username="1001", realm="pbx", nonce="n", response="0"';

const request = (...headers: readonly string[]) => {
  const read = readMessage(
    [
      'REGISTER sip:example.com SIP/2.0',
      'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa',
      'From: <sip:1001@example.com>;tag=a',
      'To: <sip:1001@example.com>',
      'Call-ID: a',
      'CSeq: 1 REGISTER',
      ...headers,
      '',
      '',
    ].join('\r\n'),
  );
  if (read === undefined) throw new Error('not read');
  return read;
};

test('credentials are for the gate alone when none of them goes on to the PBX (R6)', () => {
  const alone = request(`Authorization: ${ours}`);
  expect(areForOurs(alone, marks)).toBe(true);
  expect(unmarkedCredentials(alone, marks)).toEqual([{ name: 'Authorization', value: undefined }]);
  expect(areForOurs(request(), marks)).toBe(false);
});

test.each([
  ['in the other header', `Authorization: ${guess}`, `Proxy-Authorization: ${ours}`],
  ['in the same', `Authorization: ${guess}`, `Authorization: ${ours}`],
  ['twice as if for the gate', `Authorization: ${ours}`, `Authorization: ${ours}`],
])('a password that goes to the PBX beside them, %s, is one that is tried (R6)', (_, ...lines) => {
  expect(areForOurs(request(...lines), marks)).toBe(false);
});

const blank = 'Digest username="1001", realm="pbx", nonce="", uri="sip:pbx", response=""';

test.each([
  ['none', false, []],
  ['those that only say who it is', false, [`Authorization: ${blank}`]],
  ['the same, with more behind', false, [`Authorization: ${blank}, algorithm=MD5`]],
  ['a guess', true, [`Authorization: ${guess}`]],
  ['a guess beside', true, [`Authorization: ${blank}`, `Authorization: ${guess}`]],
  [
    'a guess in the other header',
    true,
    [`Authorization: ${blank}`, `Proxy-Authorization: ${guess}`],
  ],
  ['a second response', true, [`Authorization: ${blank}, response="0"`]],
  ['one in other letters', true, [`Authorization: ${blank}, RESPONSE = "0"`]],
  ['one that a quote hides', true, [`Authorization: ${blank}, x="a, response="0"`]],
  ['more in the empty one', true, [`Authorization: ${blank}0`]],
  ['another scheme', true, ['Authorization: Basic MTAwMTpzZWNyZXQ=']],
])('a password is in credentials with %s: %s', (_which, brings, lines) => {
  expect(bringsPassword(request(...lines))).toBe(brings);
});

describe('who sent it is proven by a challenge that went there (N12)', () => {
  const flow = { transport: 'udp', address: '192.0.2.1' } as Flow;
  const came = (...lines: readonly string[]) => areProven(request(...lines), flow, marks, 0);
  const answer = (source: string) => marks.mark(guess, sourceOf(source), 0);

  test('also where a phone keeps what it answered to another, long ago', () => {
    const fresh = `Proxy-Authorization: ${answer('192.0.2.1')}`;
    expect(came(fresh)).toBe(true);
    expect(came(`Authorization: ${guess}, opaque="long-ago"`, fresh)).toBe(true);
  });
  test('and by nothing else', () => {
    const foreign = `Proxy-Authorization: ${answer('192.0.2.9')}`;
    expect(came(foreign)).toBe(false);
    expect(came(`Authorization: ${guess}`, foreign)).toBe(false);
  });
});

test.each([
  ['none', undefined, []],
  ['one', guess, [`Proxy-Authorization: ${guess}`]],
  ['two in one header', undefined, [`Authorization: ${guess}`, `Authorization: ${ours}`]],
  ['one in each', undefined, [`Authorization: ${ours}`, `Proxy-Authorization: ${guess}`]],
])('the only credentials are there when there is one: %s', (_which, found, lines) => {
  expect(onlyCredentials(request(...lines))).toBe(found);
});
