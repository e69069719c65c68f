import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCommand, readDuration } from './read-command.ts';

const invite = 'INVITE sip:a@b SIP/2.0\r\nX: y|z\r\n\r\nbody';

describe('a frame is understood', () => {
  test.each([
    ['i|authenticate|s3cret|', { kind: 'authenticate', secret: 's3cret', tags: [] }],
    ['i|authenticate|s3cret', { kind: 'authenticate', secret: 's3cret', tags: [] }],
    [
      'i|authenticate|s|blue,a-B_1+@:',
      { kind: 'authenticate', secret: 's', tags: ['blue', 'a-B_1+@:'] },
    ],
    ['i|ping', { kind: 'ping' }],
    ['i|ping|', { kind: 'ping' }],
    ['i|route|invite', { kind: 'route', verb: 'invite' }],
    ['i|route|OPTIONS', { kind: 'route', verb: 'options' }],
    ['i|route|cdr:start', { kind: 'route', verb: 'cdr:start' }],
    ['i|remove_route|invite', { kind: 'remove_route', verb: 'invite' }],
    [
      `i|sip||\r\n${invite}`,
      { kind: 'sip', transactionId: '', dialogId: '', routeUrl: undefined, text: invite },
    ],
    [
      `i|sip|t|c;from-tag=f|sip:next.hop\r\n${invite}`,
      {
        kind: 'sip',
        transactionId: 't',
        dialogId: 'c;from-tag=f',
        routeUrl: 'sip:next.hop',
        text: invite,
      },
    ],
    [
      `i|proxy|t|remainInDialog|fullResponse||serial|2s|500ms|sip:a|sip:b\r\n${invite}`,
      {
        kind: 'proxy',
        transactionId: 't',
        recordRoute: true,
        fullResponse: true,
        followRedirects: false,
        simultaneous: false,
        provisionalTimeoutMs: 2000,
        finalTimeoutMs: 500,
        destinations: ['sip:a', 'sip:b'],
        text: invite,
      },
    ],
    [
      'i|proxy|t|||followRedirects|simultaneous|||sip:a|',
      {
        kind: 'proxy',
        transactionId: 't',
        recordRoute: false,
        fullResponse: false,
        followRedirects: true,
        simultaneous: true,
        provisionalTimeoutMs: undefined,
        finalTimeoutMs: undefined,
        destinations: ['sip:a'],
        text: '',
      },
    ],
  ])('%j', (payload, expected) => {
    expect(readCommand(payload)).toEqual({ id: 'i', ...expected });
  });
});

describe('a frame that is wrong gets its reason', () => {
  test.each([
    ['', '', 'Invalid message format'],
    ['i', 'i', 'Invalid message format'],
    ['|ping', '', 'Invalid message format'],
    ['i i|ping', '', 'Invalid message format'],
    [`${'i'.repeat(129)}|ping`, '', 'Invalid message format'],
    ['i|ping\rx', 'i', 'Invalid message format'],
    ['i|ping\nx', 'i', 'Invalid message format'],
    ['i|dance', 'i', 'Unknown message type'],
    ['i|PING', 'i', 'Unknown message type'],
    ['i|', 'i', 'Unknown message type'],
    ['i|authenticate', 'i', 'Invalid message format'],
    ['i|authenticate||tag', 'i', 'Invalid message format'],
    ['i|authenticate|s|a b', 'i', expect.stringContaining('Invalid tags')],
    ['i|authenticate|s|,', 'i', expect.stringContaining('Invalid tags')],
    [`i|authenticate|s|${'x'.repeat(33)}`, 'i', expect.stringContaining('Invalid tags')],
    [`i|authenticate|s|${'x,'.repeat(20)}x`, 'i', expect.stringContaining('Invalid tags')],
    ['i|route', 'i', 'Invalid message format'],
    ['i|route|', 'i', 'Invalid message format'],
    ['i|route|in vite', 'i', 'Invalid message format'],
    ['i|route|cdr:other', 'i', 'Invalid message format'],
    [`i|route|${'x'.repeat(33)}`, 'i', 'Invalid message format'],
    ['i|remove_route', 'i', 'Invalid message format'],
    ['i|sip', 'i', 'Invalid message format'],
    [`i|sip|t\r\n${invite}`, 'i', 'Invalid message format'],
    ['i|sip||', 'i', 'Invalid message format'],
    ['i|sip||d\r\nSIP/2.0 200 OK\r\n\r\n', 'i', 'transaction id missing'],
    ['i|proxy', 'i', 'Invalid proxy request: not enough information provided'],
    ['i|proxy|t|||||||\r\nX', 'i', 'Invalid proxy request: not enough information provided'],
    ['i|proxy||||||||sip:a\r\nX', 'i', 'Invalid proxy request: not enough information provided'],
  ])('%j', (payload, id, reason) => {
    expect(readCommand(payload)).toEqual({ kind: 'malformed', id, reason });
  });
});

test('whatever is sent, nothing is thrown and no answer can be broken by it', () => {
  const anything = fc.property(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(
          fc.oneof(
            fc.constantFrom('|', 'sip', 'proxy', 'route', 'authenticate', '\r\n', 'SIP/', ','),
            fc.string(),
          ),
        )
        .map((parts) => parts.join('')),
    ),
    (payload) => {
      expect(readCommand(payload).id).not.toMatch(/[|\r\n]/);
    },
  );
  fc.assert(anything);
});

test.each([
  ['2s', 2000],
  ['1500ms', 1500],
  ['', undefined],
  ['0s', undefined],
  ['2', undefined],
  ['undefined', undefined],
  ['-2s', undefined],
  ['999999999s', undefined],
])('a time of %j', (text, ms) => {
  expect(readDuration(text)).toBe(ms);
});
