import { expect, test } from 'vitest';
import { readHeaderPattern } from './header-pattern.ts';
import { loadSettings } from './load.ts';

test.each(['Server', 'user-agent', 'X-Asterisk-*', 'P-*', 'Allow'])('%j is understood', (text) => {
  expect(readHeaderPattern(text)).toEqual({ ok: true, value: text });
});

test.each([
  ['', 'a header name such as Server'],
  ['*', 'a header name'],
  ['s', 'a header name'],
  ['X-*-Y', 'a header name'],
  ['X Y', 'a header name'],
  ['X:', 'a header name'],
  ['X-\r\nY', 'a header name'],
  ['Via', 'none that calls need, as they do Via'],
  ['contact', 'as they do Contact'],
  ['Co*', 'as they do Contact'],
  ['Re*', 'as they do Record-Route'],
])('%j is refused: %s', (text, expected) => {
  expect(readHeaderPattern(text)).toEqual({
    ok: false,
    expected: expect.stringContaining(expected),
  });
});

test('what is hidden is a setting like any other: by flag, by variable, and wrong ones are named', () => {
  const flags = { set: ['topology.hide=[headers]', 'topology.headersInward=[X-Phone-*]'] };
  const variables = { DRAWBRIDGE_TOPOLOGY__HEADERS_OUTWARD: '[Server]' };
  const loaded = loadSettings(flags, variables, true);
  expect(loaded).toMatchObject({
    ok: true,
    settings: {
      topology: { hide: ['headers'], headersOutward: ['Server'], headersInward: ['X-Phone-*'] },
    },
  });
  const wrong = { set: ['topology.hide=[vias]', 'topology.headersOutward=[Via]'] };
  expect(loadSettings(wrong, {}, true)).toMatchObject({
    ok: false,
    problems: [
      { where: '--set', key: 'topology.hide.0', text: expect.stringContaining('did you mean via') },
      { where: '--set', key: 'topology.headersOutward.0', text: expect.stringContaining('Via') },
    ],
  });
});
