import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aRequest, requestText } from '../../../test/support/a-message.ts';
import { Header } from './header-name.ts';
import { readMessage } from './read-message.ts';
import { ensureContentLength, oneLine, Rewrite } from './rewrite.ts';

describe('a rewrite', () => {
  test('of nothing is the message, byte for byte', () => {
    const text = requestText({ body: '\0\xff\r\n' });
    expect(new Rewrite(aRequest({ body: '\0\xff\r\n' })).result()).toBe(text);
  });

  test('leaves out what stands behind the body', () => {
    const message = readMessage(`${requestText({ body: 'abc' })}INVITE`);
    expect(message && new Rewrite(message).result()).toBe(requestText({ body: 'abc' }));
  });

  test('with any splices that do not overlap is what a naive one makes of them', () => {
    const message = aRequest({ body: 'v=0\r\n' });
    const { wire } = message;
    const splice = fc.tuple(fc.nat(wire.length), fc.nat(40), fc.string({ maxLength: 8 }));
    const splices = fc.array(splice, { maxLength: 20 }).map((drawn) => {
      let free = 0;
      return drawn
        .sort(([a], [b]) => a - b)
        .flatMap(([from, length, text]) => {
          const start = Math.max(from, free);
          const end = Math.min(start + length, wire.length);
          if (start > wire.length) return [];
          free = end;
          return [{ start, end, text }];
        });
    });
    const shuffled = splices.chain((sorted) =>
      fc.tuple(
        fc.constant(sorted),
        fc.shuffledSubarray([...sorted.keys()], { minLength: sorted.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([sorted, order]) => {
        // splices that start at one place keep the order they come in, so that order is part of the model
        const starts = new Set(sorted.map(({ start }) => start));
        const inOrder = starts.size === sorted.length ? order : [...sorted.keys()];
        const rewrite = new Rewrite(message);
        for (const index of inOrder) {
          const one = sorted[index];
          if (one !== undefined) rewrite.replace(one.start, one.end, one.text);
        }
        let naive = wire;
        for (const { start, end, text } of sorted.toReversed())
          naive = naive.slice(0, start) + text + naive.slice(end);
        expect(rewrite.result()).toBe(naive);
      }),
      { numRuns: 500 },
    );
  });

  test('that replaces within a line which goes, or takes it out twice, is of a line that is gone', () => {
    const message = aRequest({ headers: { 'X-A': 'a', 'X-B': 'b' } });
    const rewrite = new Rewrite(message);
    rewrite.setHeader('X-A', 'c');
    for (const _ of [1, 2]) rewrite.removeLine(message.findNamed('X-A'));
    expect(rewrite.result()).toBe(message.wire.replace('X-A: a\r\n', ''));
  });

  test('keeps insertions at one place in their order', () => {
    const message = aRequest();
    const rewrite = new Rewrite(message);
    rewrite.append('A', '1');
    rewrite.append('B', '2');
    expect(rewrite.result()).toBe(
      requestText({ headers: { 'Content-Length': '0', A: '1', B: '2' } }),
    );
  });
});

describe('setHeader', () => {
  const changed = (name: string, value: string | undefined, headers = {}) => {
    const rewrite = new Rewrite(aRequest({ headers }));
    rewrite.setHeader(name, value);
    return rewrite.result();
  };

  test('replaces in place, whatever the spelling', () => {
    expect(changed('contact', '<sip:x@y>')).toBe(
      requestText({ headers: { Contact: '<sip:x@y>' } }),
    );
    expect(changed('Subject', 'b', { s: 'a' })).toBe(requestText({ headers: { s: 'b' } }));
    expect(changed('Subject', 'b', { s: 'a\r\n  folded' })).toBe(
      requestText({ headers: { s: 'b' } }),
    );
  });
  test('leaves one of many', () => {
    const headers = { 'X-A': ['1', '2', '3'] };
    expect(changed('x-a', '9', headers)).toBe(requestText({ headers: { 'X-A': '9' } }));
  });
  test('removes them all', () => {
    const headers = { 'X-A': ['1', '2\r\n more', '3'] };
    expect(changed('x-a', undefined, headers)).toBe(requestText());
    expect(changed('X-B', undefined)).toBe(requestText());
  });
  test('appends what was absent', () => {
    const message = readMessage(changed('X-New', 'value'));
    expect(message?.lineName(message.lineCount - 1)).toBe('X-New');
  });

  test('what is set is read back, and the rest is as it was', () => {
    const name = fc.stringMatching(/^X-[A-Za-z!%*.]{1,10}$/);
    const value = fc.stringMatching(/^[!-~\x80-\xff]([\t -~\x80-\xff]{0,40}[!-~\x80-\xff])?$/);
    fc.assert(
      fc.property(name, value, (header, text) => {
        const message = readMessage(changed(header, text));
        expect(message?.flaw).toBeUndefined();
        expect(message?.header(header.toLowerCase())).toBe(text);
        expect(message?.value(Header.callId)).toBe(aRequest().callId);
      }),
    );
  });
});

test('the Request-URI is replaced where it stands, not where it occurs first', () => {
  const message = aRequest({ method: 'sip:', uri: 'sip:' });
  const rewrite = new Rewrite(message);
  rewrite.setRequestUri('sip:new@host');
  expect(rewrite.result().startsWith('sip: sip:new@host SIP/2.0\r\n')).toBe(true);
});

describe('oneLine', () => {
  test('never lets CR, LF or NUL out', () => {
    const dirty = fc.string({ unit: fc.constantFrom('\r', '\n', '\0', 'a', ' ', ':', '\xa0') });
    fc.assert(fc.property(dirty, (text) => !/[\r\n\0]/.test(oneLine(text))));
  });
  test('changes nothing else', () => {
    expect(oneLine('a\tb "c" \xff')).toBe('a\tb "c" \xff');
  });
  test('guards every way of writing a header', () => {
    const evil = 'x\r\nRoute: <sip:evil;lr>\r\n\r\n\0';
    const rewrite = new Rewrite(aRequest({ headers: { 'X-A': '1' } }));
    rewrite.append('X-New', evil);
    rewrite.setHeader('X-A', evil);
    rewrite.setRequestUri(`sip:${evil}`);
    const result = readMessage(rewrite.result());
    expect(result?.find(Header.route)).toBe(-1);
    expect(result?.body).toBe('');
  });
});

test('Content-Length is added where it is missing, and only there', () => {
  const without = readMessage('OPTIONS sip:a SIP/2.0\r\nTo: x\r\n\r\nbody');
  if (without === undefined) throw new Error('not readable');
  const rewrite = new Rewrite(without);
  ensureContentLength(without, rewrite);
  expect(rewrite.result()).toBe('OPTIONS sip:a SIP/2.0\r\nTo: x\r\nContent-Length: 4\r\n\r\nbody');

  const message = aRequest();
  const untouched = new Rewrite(message);
  ensureContentLength(message, untouched);
  expect(untouched.result()).toBe(message.wire);
});
