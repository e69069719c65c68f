import { describe, expect, test } from 'vitest';
import { aRequest, noCounts, someSite } from '../../../../test/support/some-facts.ts';
import { hostileMessages } from './hostile-messages.ts';

const rule = (options: object = {}) =>
  hostileMessages.create(hostileMessages.options.parse(options), someSite());
const dropped = { kind: 'drop', reason: 'message-hostile', block: { seconds: 3600 } };

describe('hostile-messages (N9)', () => {
  test.each([
    ["' or 1=1 --", 'SQL'],
    ["1001'; drop table sip;--", 'SQL'],
    ['1" UNION SELECT secret FROM sip', 'SQL'],
    ["a'='a", 'SQL'],
    ['1001\r\nBye', 'control characters'],
    ['10\x0001', 'control characters'],
    ['<script>alert(1)</script>', 'a script'],
    [['$', '{jndi:ldap://203.0.113.1/a}'].join(''), 'a script'],
    ['$(reboot)', 'a shell command'],
  ])('drops and blocks %j', (user, what) => {
    for (const facts of [{ from: user }, { to: user }, { requestUser: user }])
      expect(rule().judge(aRequest(facts), noCounts)).toEqual(dropped);
    expect(rule().explain(aRequest({ from: user }), noCounts).saw).toBe(`${what} in From`);
  });
  test.each([
    '1001',
    'alice.smith',
    "o'brien",
    '+4930123456',
    '*72*1001#',
    'user--name',
    'j.müller',
    'select-room',
    '00491701234567;phone-context=+49',
    '',
  ])('passes %j', (user) => {
    expect(rule().judge(aRequest({ from: user, to: user }), noCounts).kind).toBe('pass');
  });
  test.each([
    ['lines', { headerLines: 101 }, '101 header lines'],
    ['bytes', { headBytes: 20_000 }, '20000 bytes of headers'],
  ])('drops a header bomb by its %s', (_what, facts, saw) => {
    expect(rule().judge(aRequest(facts), noCounts)).toEqual(dropped);
    expect(rule().explain(aRequest(facts), noCounts).saw).toBe(saw);
  });
});
