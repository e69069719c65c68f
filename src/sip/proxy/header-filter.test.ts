import { expect, test } from 'vitest';
import { aRequest, requestText } from '../../../test/support/a-message.ts';
import { Rewrite } from '../message/rewrite.ts';
import { HeaderFilter } from './header-filter.ts';

const headers = {
  Server: 'PBX 1.0',
  'X-Asterisk-HangupCause': 'Normal',
  'X-Asterisk': 'Yes',
  Servers: '2',
  Date: 'today',
  'x-asterisk-two': 'a,\r\n\tb',
};

/** The names of the headers that are left. */
function left(...patterns: readonly string[]): readonly string[] {
  const message = aRequest({ headers });
  const rewrite = new Rewrite(message);
  new HeaderFilter(patterns).remove(message, rewrite);
  const [head = ''] = rewrite.result().split('\r\n\r\n');
  return head
    .split(/\r\n(?!\t)/)
    .slice(1)
    .map((line) => line.slice(0, line.indexOf(':')));
}

const all = left();

test('without patterns nothing goes', () => {
  expect(all).toHaveLength(15);
});

test.each([
  ['a name, and none that only begins so', ['Server'], ['Server']],
  ['whatever its case', ['sERVER'], ['Server']],
  ['one that is told apart by number', ['User-Agent'], ['User-Agent']],
  ['a beginning', ['X-Asterisk-*'], ['X-Asterisk-HangupCause', 'x-asterisk-two']],
  ['a shorter one', ['x-a*'], ['X-Asterisk-HangupCause', 'X-Asterisk', 'x-asterisk-two']],
  ['a beginning of one told apart by number', ['User*', 'Dat*'], ['User-Agent', 'Date']],
  ['several', ['Server', 'Date', 'X-None'], ['Server', 'Date']],
])('%s', (_what, patterns, gone) => {
  expect(left(...patterns)).toEqual(all.filter((name) => !gone.includes(name)));
});

test('one is spared, however the patterns name it', () => {
  const message = aRequest({ headers });
  const rewrite = new Rewrite(message);
  new HeaderFilter(['X-*', 'X-Asterisk'], 'x-asterisk').remove(message, rewrite);
  expect(rewrite.result()).toBe(
    requestText({
      headers: { ...headers, 'X-Asterisk-HangupCause': undefined, 'x-asterisk-two': undefined },
    }),
  );
});

test('all lines of a name, in compact form too', () => {
  const text = requestText({ headers: { s: ['one', 'two'], Subject: 'three' } });
  const message = aRequest({ headers: { s: ['one', 'two'], Subject: 'three' } });
  const rewrite = new Rewrite(message);
  new HeaderFilter(['Subject']).remove(message, rewrite);
  expect(rewrite.result()).toBe(text.replace(/(s|Subject): (one|two|three)\r\n/g, ''));
});

test('a blank before the colon is no part of the name', () => {
  const message = aRequest({ headers: { 'Server ': 'x' } });
  expect(message.wire).toContain('Server : x');
  const rewrite = new Rewrite(message);
  new HeaderFilter(['Server']).remove(message, rewrite);
  expect(rewrite.result()).toBe(requestText());
});
