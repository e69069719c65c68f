import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { requestText } from '../../../test/support/a-message.ts';
import { cpuMeter } from '../../../test/support/cpu-meter.ts';
import { endOfAddress } from './address-syntax.ts';
import { Header } from './header-name.ts';
import { splitList } from './list.ts';
import { tagOf } from './message.ts';
import { headerParameter, parseNameAddress } from './name-address.ts';
import { readMessage } from './read-message.ts';
import { Rewrite } from './rewrite.ts';
import { parseUri, uriParameter } from './uri.ts';
import { isSoundResponse, refusalOf } from './validate.ts';
import { parseVia } from './via.ts';

/** Everything that anything here may ask of a text that came from a stranger. */
function readEverything(wire: string): void {
  readAsValue(wire);
  const message = readMessage(wire);
  if (message === undefined) return;
  if (message.isRequest) refusalOf(message);
  else isSoundResponse(message);
  void [message.via, message.cseq, message.cseqMethod, message.fromTag, message.toTag];
  void [message.callId, message.body, message.uri, message.header('X-Unknown')];
  for (let line = 0; line < message.lineCount; line++) message.lineName(line);
  for (const id of [Header.via, Header.contact, Header.route, Header.supported]) message.list(id);
  const rewrite = new Rewrite(message);
  rewrite.setHeader('Contact', '<sip:a@b>');
  rewrite.setHeader('X-Unknown', undefined);
  rewrite.result();
}

function readAsValue(value: string): void {
  splitList(value);
  tagOf(value);
  parseUri(value);
  parseVia(value, 0, value.length);
  endOfAddress(value, 0, value.length);
  const address = parseNameAddress(value);
  headerParameter(value, 'expires');
  uriParameter(value, 'lr');
  if (address !== undefined) headerParameter(address.parameters, '+sip.instance');
}

describe('nothing throws', () => {
  const byte = fc.nat(255).map((code) => String.fromCharCode(code));
  const pieces = fc.constantFrom(
    ...['\r\n', '\r', '\n', '\0', ' ', '\t', '"', '\\', '<', '>', ',', ';', ':', '@', '=', '?'],
    ...['sip:', 'SIP/2.0', 'INVITE', 'Via: ', 'v:', 'l: ', 'To: ', 'Contact:', 'tag', '\r\n\r\n'],
    ...['SIP/2.0/UDP ', 'branch=z9hG4bK', 'CSeq: 1 ', '9999999999', '[::1]', '-1', '\xc3\xa0'],
  );

  test('on any bytes', () => {
    fc.assert(fc.property(fc.string({ unit: byte, maxLength: 300 }), readEverything), {
      numRuns: 3000,
    });
  });

  test('on anything made of pieces of SIP', () => {
    const text = fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join(''));
    fc.assert(fc.property(text, readEverything), { numRuns: 5000 });
  });

  test('on any header value', () => {
    const value = fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join(''));
    const name = fc.constantFrom('Via', 'From', 'To', 'Contact', 'CSeq', 'Route', 'Proxy-Require');
    fc.assert(
      fc.property(name, value, (header, text) =>
        readEverything(requestText({ headers: { [header]: text } })),
      ),
      { numRuns: 5000 },
    );
  });
});

/**
 * A reader that is quadratic needs seconds for 60 kB where a linear one needs a millisecond or two; the limit
 * between them is far from both.
 */
describe('60 kB take no longer than their bytes', () => {
  const LIMIT_MS = 150;
  const of = (text: string) => text.repeat(Math.ceil(60_000 / text.length));
  const runs: readonly (readonly [string, string])[] = [
    ...[
      ' ',
      '\t',
      '"',
      '\\',
      '<',
      '>',
      ',',
      ';',
      ':',
      '@',
      '=',
      '?',
      '%',
      '0',
      '9',
      'a',
      '[',
      '\0',
    ],
    ...['\xa0', '\r', '\n', '\r\n', '\r\n ', ' \r\n ', '\n ', 'a\n', '\r\n\t \t', ';;', '; ', ';a'],
    ...[';tag', ';tag ', ';tag=', ';expires ', '"\\', '""', '\\"', '<>', '><', ', ', 'a, ', ';a="'],
    ...['a:b\r\n', 'a:b\n', 'v:\r\n', 'a\r\n', ': \r\n', 'a :', 'SIP/2.0 ', '[:', '1 ', 'sip:'],
  ].map((text) => [JSON.stringify(text), of(text)]);

  const within = (run: () => void) => {
    run();
    const spent = cpuMeter();
    run();
    expect(spent()).toBeLessThan(LIMIT_MS);
  };

  test.each(runs)('of %s, with something that fits nowhere at the end', (_name, run) => {
    const wires = [run, `${run}\x01`, `A${run}x\r\n\r\n`, `INVITE${run}sip:a${run}SIP/2.0\r\n\r\n`];
    wires.push(`SIP/2.0 200 ${run}\r\n\r\n`, `OPTIONS sip:a SIP/2.0\r\n${run}`);
    for (const prefix of [
      '',
      'a',
      '"',
      '<sip:a',
      '<sip:a>;',
      'SIP/2.0/UDP a',
      '1',
      'SIP',
      ';expires',
    ])
      within(() => readAsValue(`${prefix}${run}\x01`));
    for (const wire of wires) within(() => readEverything(wire));
  });

  test.each([
    'Via',
    'From',
    'To',
    'Contact',
    'CSeq',
    'Call-ID',
    'Route',
    'Max-Forwards',
    'Expires',
    'Content-Length',
    'Proxy-Require',
    'Subject',
  ])('in %s', (name) => {
    for (const [, run] of runs)
      for (const value of [run, `a${run}x`, `<sip:a@b>${run}x`, `SIP/2.0/UDP a${run}x`])
        within(() => readEverything(requestText({ headers: { [name]: value } })));
  });
});
