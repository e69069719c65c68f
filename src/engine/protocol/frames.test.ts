import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameReader } from './frame-reader.ts';
import { writeFrame } from './write-frame.ts';

/** Every payload that comes of these pieces. */
function read(pieces: readonly Buffer[], reader = new FrameReader(1000)): string[] {
  const payloads: string[] = [];
  for (const piece of pieces) {
    reader.push(piece);
    for (let next = reader.next(); next !== undefined; next = reader.next()) payloads.push(next);
  }
  return payloads;
}

const frame = (payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${payload.length}#`), payload]);

describe('reading', () => {
  test('frames come out byte for byte, however they are split or run together', () => {
    const anySplit = fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { maxLength: 8 }),
      fc.array(fc.nat({ max: 60 })),
      (payloads, sizes) => {
        const wire = Buffer.concat(payloads.map((one) => frame(Buffer.from(one))));
        const pieces: Buffer[] = [];
        let at = 0;
        for (const size of sizes) {
          pieces.push(wire.subarray(at, at + size));
          at += size;
        }
        pieces.push(wire.subarray(at));
        expect(read(pieces).map((text) => Buffer.from(text, 'latin1'))).toEqual(
          payloads.map((one) => Buffer.from(one)),
        );
      },
    );
    fc.assert(anySplit);
  });

  test('the length counts bytes, not characters', () => {
    expect(read([Buffer.from('3#€4#abcd')])).toEqual(['\u00e2\u0082\u00ac', 'abcd']);
  });

  test('what is pushed before the last piece was read through stands behind it', () => {
    const reader = new FrameReader(1000);
    reader.push(Buffer.from('3#abc3#d'));
    reader.push(Buffer.from('ef'));
    expect([reader.next(), reader.next(), reader.next()]).toEqual(['abc', 'def', undefined]);
  });

  test.each([
    ['a letter', 'a3#abc'],
    ['a sign', '-3#abc'],
    ['a blank', ' 3#abc'],
    ['a line end between frames', '\r\n3#abc'],
    ['padding', '03#abc'],
    ['nothing', '#abc'],
    ['zero', '0#'],
    ['one byte more than is taken', '1001#'],
    ['digits without end', '9999'],
    ['a NUL', '\0'],
  ])('%s in place of a length breaks the stream for good', (_what, text) => {
    const reader = new FrameReader(1000);
    expect(read([Buffer.from(`2#ok${text}`)], reader)).toEqual(['ok']);
    expect(reader.broken).toBeDefined();
    expect(read([Buffer.from('2#ok')], reader)).toEqual([]);
  });

  test('the largest frame there may be is taken', () => {
    expect(read([frame(Buffer.alloc(1000, 'x'))])).toEqual(['x'.repeat(1000)]);
  });
});

describe('writing', () => {
  test('an id of its own, the tokens, the message', () => {
    const [, length, id, rest = ''] =
      /^(\d+)#([0-9a-f-]{36})(.*)$/s.exec(writeFrame(['sip', 7, ''], 'A b\r\n\r\n')) ?? [];
    expect(rest).toBe('|sip|7|\r\nA b\r\n\r\n');
    expect(Number(length)).toBe(`${id}${rest}`.length);
    expect(writeFrame(['x'])).not.toBe(writeFrame(['x']));
  });

  test('no token can shift another or end the line', () => {
    const [, ...tokens] = writeFrame(['response', 'a|b\r\nc', 'OK']).split('|');
    expect(tokens).toEqual(['response', 'a b c', 'OK']);
  });

  test('what is written is read', () => {
    const wire = writeFrame(['sip'], 'caf\u00c3\u00a9');
    expect(read([Buffer.from(wire, 'latin1')])[0]).toMatch(/\|sip\r\ncaf\u00c3\u00a9$/);
  });
});
