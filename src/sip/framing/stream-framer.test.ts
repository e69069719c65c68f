import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cpuMeter } from '../../../test/support/cpu-meter.ts';
import { StreamFramer } from './stream-framer.ts';

/** Feeds the chunks to a framer and tells what came out, in order. */
function frame(chunks: readonly string[], limit = 65_535) {
  const messages: string[] = [];
  const problems: { head: string; problem: string }[] = [];
  let pings = 0;
  const framer = new StreamFramer(limit, {
    framed: (wire) => messages.push(wire),
    pinged: () => {
      pings += 1;
    },
    unframeable: (head, problem) => problems.push({ head, problem }),
  });
  for (const chunk of chunks) framer.push(chunk);
  return { messages, problems, pings, unfinished: framer.unfinished };
}

const aMessage = (body = '', ...headers: string[]) =>
  [
    'MESSAGE sip:x SIP/2.0',
    'Via: SIP/2.0/TCP h',
    ...headers,
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');

const cut = (text: string, at: readonly number[]) => {
  const places = [...new Set(at.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [...places, text.length].map((end, index) => text.slice(places[index - 1] ?? 0, end));
};

describe('StreamFramer', () => {
  const stream = `\r\n\r\n${aMessage('one')}${aMessage()}\r\n${aMessage('\r\n\r\nBYE sip:y SIP/2.0\r\n\r\n')}SIP/2.0 200 OK\r\nl: 2\r\n\r\nok\r\n\r\n`;
  const whole = frame([stream]);

  test('cuts pipelined messages apart, whatever their bodies hold', () => {
    expect(whole).toMatchObject({ problems: [], pings: 2, unfinished: false });
    expect(whole.messages).toEqual([
      aMessage('one'),
      aMessage(),
      aMessage('\r\n\r\nBYE sip:y SIP/2.0\r\n\r\n'),
      'SIP/2.0 200 OK\r\nl: 2\r\n\r\nok',
    ]);
  });

  test('finds the same in two parts, wherever the cut is', () => {
    for (let at = 0; at <= stream.length; at += 1)
      expect(frame([stream.slice(0, at), stream.slice(at)])).toEqual(whole);
  });

  test('finds the same a byte at a time', () => {
    expect(frame([...stream])).toEqual(whole);
  });

  test('hands on a chunk that is one message as it is', () => {
    const text = aMessage('body');
    expect(frame([text]).messages).toEqual([text]);
  });

  test.each([
    ['CRLF', '\r\n', 0],
    ['CRLF twice', '\r\n\r\n', 1],
    ['CRLF three times', '\r\n\r\n\r\n', 1],
    ['bare LF', '\n\n\n\n', 0],
    ['a stray CR first', '\r\r\n\r\n', 1],
  ])('between messages, %s is %j: %i pings', (_what, text, pings) => {
    expect(frame([text, aMessage()])).toMatchObject({ pings, messages: [aMessage()] });
  });

  test('line ends around a message do not add up to a ping', () => {
    expect(frame(['\r\n', aMessage(), '\r\n', aMessage()]).pings).toBe(0);
  });

  test.each([
    ['not-sip', '\x16\x03\x01\x02\x00'],
    ['not-sip', ' OPTIONS sip:x SIP/2.0'],
    ['not-sip', 'GET / HTTP/1.1\r\nl: 0\r\n\r\n'],
    ['content-length-missing', 'OPTIONS sip:x SIP/2.0\r\n\r\n'],
    ['content-length', 'OPTIONS sip:x SIP/2.0\r\nl: 1\r\nl: 2\r\n\r\n'],
    ['body-too-large', 'OPTIONS sip:x SIP/2.0\r\nl: 65535\r\n\r\n'],
  ])('says %s once, gives the head, and takes nothing more', (problem, head) => {
    expect(frame([aMessage(), head, aMessage(), '\r\n\r\n'])).toEqual({
      messages: [aMessage()],
      problems: [{ head, problem }],
      pings: 0,
      unfinished: false,
    });
  });

  test('lets an odd version or a stray space through to be answered', () => {
    for (const line of ['OPTIONS sip:x SIP/7.0', 'OPTIONS  sip:x  sip/2.0  '])
      expect(frame([`${line}\r\nl: 0\r\n\r\n`]).messages).toHaveLength(1);
  });

  test('the limit is the size of the whole message, to the byte, however it comes', () => {
    const text = aMessage('body');
    for (const chunks of [[text], [...text]]) {
      expect(frame(chunks, text.length).messages).toEqual([text]);
      expect(frame(chunks, text.length - 1).problems[0]?.problem).toBe('body-too-large');
    }
    const head = aMessage();
    for (const chunks of [[head], [...head]]) {
      expect(frame(chunks, head.length).messages).toEqual([head]);
      expect(frame(chunks, head.length - 1).problems[0]?.problem).toBe('head-too-large');
    }
  });

  test('an endless head ends at the limit and no more of it is kept', () => {
    const { problems } = frame(['OPTIONS sip:x SIP/2.0\r\n', 'x'.repeat(5000)], 1000);
    expect(problems).toEqual([{ head: expect.any(String), problem: 'head-too-large' }]);
    expect(problems[0]?.head).toHaveLength(1000);
  });

  test('a message is unfinished from its first byte to its last', () => {
    const text = aMessage('body');
    expect(frame(['\r\n\r\n']).unfinished).toBe(false);
    expect(frame([text.slice(0, 1)]).unfinished).toBe(true);
    expect(frame([text.slice(0, -1)]).unfinished).toBe(true);
    expect(frame([text]).unfinished).toBe(false);
  });

  test('a byte at a time costs no more than a few times its size', () => {
    const bytes = [...aMessage('b'.repeat(30_000), `X: ${'x'.repeat(30_000)}`)];
    const spent = (count: number) => {
      const taken = cpuMeter();
      for (let turn = 0; turn < count; turn += 1) frame(bytes);
      return taken() / count;
    };
    spent(2);
    // Quadratic framing of 60 kB takes seconds.
    expect(spent(3)).toBeLessThan(250);
  });

  const line = fc.string({
    unit: fc.constantFrom('a', ':', ' ', '\t', 'l', '\xff'),
    maxLength: 30,
  });
  const body = fc.string({ unit: fc.constantFrom('\r', '\n', 'x', 'l: 3', '\0'), maxLength: 60 });
  const message = fc
    .tuple(body, fc.array(line, { maxLength: 4 }))
    .map(([text, lines]) => aMessage(text, ...lines.map((value) => `X-Y: ${value}`)));
  const between = fc.constantFrom('', '\r\n', '\r\n\r\n', '\r\n\r\n\r\n');

  test('any stream of messages gives the same messages, however it is split', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(between, message), { maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 40 }),
        (parts, places) => {
          const text = parts.flat().join('');
          const split = frame(cut(text, places));
          expect(split.messages).toEqual(parts.map(([, wire]) => wire));
          expect(split).toEqual(frame([text]));
        },
      ),
    );
  });

  test('any bytes: no throw, one problem at most, nothing beyond the limit', () => {
    const piece = fc.oneof(
      fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)), maxLength: 80 }),
      fc.constantFrom(
        '\r\n',
        '\r\n\r\n',
        'OPTIONS sip:x SIP/2.0\r\n',
        'l: 5',
        'Content-Length:',
        ' ',
      ),
      message,
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const { messages, problems } = frame(pieces, 300);
        expect(problems.length).toBeLessThanOrEqual(1);
        for (const text of [...messages, ...problems.map(({ head }) => head)])
          expect(text.length).toBeLessThanOrEqual(300);
        expect(messages).toEqual(frame([pieces.join('')], 300).messages);
      }),
      { numRuns: 500 },
    );
  });
});
