import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import type { Message } from '../message/message.ts';
import { readMessage } from '../message/read-message.ts';
import { bye, contactUri, noteRefresh, noteRequest, openDialog, senderOf } from './dialog.ts';

const EDGE = '<sip:edge.test;lr>';

function message(first: string, ...headers: string[]): Message {
  const read = readMessage(`${[first, ...headers].join('\r\n')}\r\nContent-Length: 0\r\n\r\n`);
  if (read === undefined) throw new Error(`not a message: ${first}`);
  return read;
}

const A = '"Alice" <sip:a@home.test>;tag=alice';
const B = '<sip:b@pbx.test>;tag=bob';

const invite = (...headers: string[]) =>
  message(
    'INVITE sip:b@pbx.test SIP/2.0',
    `From: ${A}`,
    'To: <sip:b@pbx.test>',
    'Call-ID: call-1',
    'CSeq: 41 INVITE',
    'Contact: <sip:a@192.0.2.1:5062;transport=udp>',
    ...headers,
  );
const ok = (...headers: string[]) =>
  message(
    'SIP/2.0 200 OK',
    `From: ${A}`,
    `To: ${B}`,
    'Call-ID: call-1',
    'CSeq: 41 INVITE',
    'Contact: <sip:b@198.51.100.1>',
    ...headers,
  );
const request = (method: string, cseq: number, from: string, to: string, ...headers: string[]) =>
  message(
    `${method} sip:x SIP/2.0`,
    `From: ${from}`,
    `To: ${to}`,
    'Call-ID: call-1',
    `CSeq: ${cseq} ${method}`,
    ...headers,
  );

const open = (asked = invite(), answered = ok()) =>
  openDialog(asked, answered, (route) => route === EDGE);
const lines = (wire: string) => wire.split('\r\n');

test('a call is the one that its INVITE names, whatever the callee puts into the 2xx', () => {
  const echoed = message(
    'SIP/2.0 200 OK',
    'From: <sip:c@home.test>;tag=another',
    `To: ${B}`,
    'Call-ID: of-another',
    'CSeq: 41 INVITE',
  );
  const { callId, caller, callee } = open(invite(), echoed);
  expect([callId, caller.tag, callee.tag]).toEqual(['call-1', 'alice', 'bob']);
});

describe('a request belongs to the call (S2)', () => {
  test('when both tags fit, and they tell who sent it', () => {
    expect(senderOf(open(), request('INFO', 42, A, B))).toBe('caller');
    expect(senderOf(open(), request('INFO', 1, B, A))).toBe('callee');
  });

  test.each([
    ['another branch of the same call', A, '<sip:b@pbx.test>;tag=carol'],
    ['no tag in To', A, '<sip:b@pbx.test>'],
    ['one tag twice', A, A],
    ['tags in another case', A.toUpperCase(), B],
  ])('and not with %s', (_what, from, to) => {
    expect(senderOf(open(), request('BYE', 42, from, to))).toBeUndefined();
  });
});

describe('the BYE to the callee', () => {
  test('is what the caller would send', () => {
    expect(lines(bye(open(), 'callee', 'SIP/2.0/UDP edge.test;branch=z9', 'SIP;text="x"'))).toEqual(
      [
        'BYE sip:b@198.51.100.1 SIP/2.0',
        'Via: SIP/2.0/UDP edge.test;branch=z9',
        'Max-Forwards: 70',
        `From: ${A}`,
        `To: ${B}`,
        'Call-ID: call-1',
        'CSeq: 42 BYE',
        'Reason: SIP;text="x"',
        'Content-Length: 0',
        '',
        '',
      ],
    );
  });

  test('takes the route beyond us, nearest first', () => {
    const answered = ok(
      `Record-Route: <sip:far.test;lr>, <sip:near.test;lr>`,
      `Record-Route: ${EDGE}`,
    );
    const asked = invite('Record-Route: <sip:before.test;lr>');
    const sent = lines(bye(open(asked, answered), 'callee', 'v', 'r'));
    expect(sent.filter((line) => line.startsWith('Route'))).toEqual([
      'Route: <sip:near.test;lr>',
      'Route: <sip:far.test;lr>',
    ]);
  });

  test('counts on from the caller’s highest number', () => {
    const dialog = open();
    for (const cseq of [42, 50, 43]) noteRequest(dialog, request('INFO', cseq, A, B), 'caller');
    expect(bye(dialog, 'callee', 'v', 'r')).toContain('\r\nCSeq: 51 BYE\r\n');
  });
});

describe('the BYE to the caller', () => {
  test('is what the callee would send: tags turned round, its own numbers', () => {
    const sent = lines(bye(open(), 'caller', 'v', 'r'));
    expect(sent).toContain('BYE sip:a@192.0.2.1:5062;transport=udp SIP/2.0');
    expect(sent).toContain(`From: ${B}`);
    expect(sent).toContain(`To: ${A}`);
    expect(sent).toContain('CSeq: 1 BYE');
  });

  test('names each as it wrote itself, whatever the other made of it', () => {
    const echoed = message(
      'SIP/2.0 200 OK',
      `From: <sip:a@@[broken>;tag=alice`,
      `To: ${B}`,
      'CSeq: 41 INVITE',
    );
    expect(lines(bye(open(invite(), echoed), 'caller', 'v', 'r'))).toContain(`To: ${A}`);
  });

  test('counts on from the callee’s highest number, not the caller’s', () => {
    const dialog = open();
    noteRequest(dialog, request('INFO', 900, B, A), 'callee');
    noteRequest(dialog, request('INFO', 77, A, B), 'caller');
    expect(bye(dialog, 'caller', 'v', 'r')).toContain('\r\nCSeq: 901 BYE\r\n');
  });

  test('takes the route the INVITE came by, nearest first', () => {
    const asked = invite('Record-Route: <sip:near.test;lr>', 'Record-Route: <sip:far.test;lr>');
    const sent = lines(bye(open(asked, ok(`Record-Route: ${EDGE}`)), 'caller', 'v', 'r'));
    expect(sent.filter((line) => line.startsWith('Route'))).toEqual([
      'Route: <sip:near.test;lr>',
      'Route: <sip:far.test;lr>',
    ]);
  });
});

describe('an accepted re-INVITE or UPDATE', () => {
  test('moves both ends to their new Contacts, whoever asked', () => {
    const dialog = open();
    const asked = request('UPDATE', 2, B, A, 'Contact: <sip:b@198.51.100.2>');
    noteRefresh(dialog, 'callee', contactUri(asked), ok('m: <sip:unused@test>'));
    expect(dialog.callee.target).toBe('sip:b@198.51.100.2');
    expect(dialog.caller.target).toBe('sip:b@198.51.100.1');
  });

  test('without a Contact leaves the end where it was', () => {
    const dialog = open();
    noteRefresh(dialog, 'caller', undefined, message('SIP/2.0 200 OK', 'CSeq: 42 UPDATE'));
    expect(dialog.caller.target).toBe('sip:a@192.0.2.1:5062;transport=udp');
    expect(dialog.callee.target).toBe('sip:b@198.51.100.1');
  });
});

describe('the session timer', () => {
  test.each([
    ['Session-Expires: 1800;refresher=uac', 1800],
    ['x: 90', 90],
    ['Session-Expires: 0', 0],
    ['Session-Expires: soon', 0],
    ['Session-Expires: 99999999999', 86_400],
    ['Subject: none', 0],
  ])('%s makes it %d seconds', (header, seconds) => {
    expect(open(invite(), ok(header)).sessionSeconds).toBe(seconds);
  });

  test('is renegotiated by every accepted re-INVITE, and may be dropped by it', () => {
    const dialog = open(invite(), ok('Session-Expires: 1800'));
    noteRefresh(dialog, 'caller', undefined, ok('Session-Expires: 600'));
    expect(dialog.sessionSeconds).toBe(600);
    noteRefresh(dialog, 'caller', undefined, ok());
    expect(dialog.sessionSeconds).toBe(0);
  });
});

test('ten thousand calls keep none of their messages: under two kilobytes each', () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const body = 'x'.repeat(20_000);
  const padded = ({ wire }: Message, n: number) =>
    readMessage(`${wire.slice(0, -2)}X: ${body}${n}\r\n\r\n`);
  const dialogs = [];
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < 10_000; n++) {
    const asked = padded(invite('Record-Route: <sip:near.test;transport=tcp;lr>'), n);
    const answered = padded(ok(`Record-Route: <sip:far.test;lr>, ${EDGE}`), n);
    if (asked && answered) dialogs.push(open(asked, answered));
  }
  collect();
  const each = (process.memoryUsage().heapUsed - before) / dialogs.length;
  expect(dialogs).toHaveLength(10_000);
  expect(each).toBeLessThan(2000);
});
