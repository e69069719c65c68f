import { describe, expect, test } from 'vitest';
import { bodyLength } from './content-length.ts';

const head = (...lines: string[]) => `${['OPTIONS sip:x SIP/2.0', ...lines].join('\r\n')}\r\n\r\n`;

describe('bodyLength', () => {
  test.each([
    ['as everybody writes it', 'Content-Length: 12', 12],
    ['in its compact form', 'l:12', 12],
    ['in odd case and spacing', 'cOnTeNt-LENGTH \t:\t 12 \t', 12],
    ['folded', 'Content-Length:\r\n 12', 12],
    ['folded more than once', 'Content-Length:\r\n\t\r\n 12\r\n ', 12],
    ['with leading zeros', 'Content-Length: 0012', 12],
    ['of nothing', 'Content-Length: 0', 0],
    ['twice the same', 'Content-Length: 12\r\nl: 12', 12],
    [
      'after headers that begin alike',
      'Contact: <sip:l>\r\nLabel: 3\r\nContent-Lengths: 4\r\nl: 12',
      12,
    ],
    ['not fooled by a folded line that looks like one', 'Subject: x\r\n l: 3\r\nl: 12', 12],
  ])('reads a length %s', (_how, lines, length) => {
    expect(bodyLength(head('Via: SIP/2.0/TCP x', lines, 'To: <sip:x>'))).toBe(length);
  });

  test.each([
    ['negative', 'l: -1'],
    ['signed', 'l: +1'],
    ['empty', 'l:'],
    ['two numbers', 'l: 1 2'],
    ['a list', 'l: 1, 1'],
    ['folded within the number', 'l: 1\r\n 2'],
    ['hexadecimal', 'l: 0x10'],
    ['a word', 'l: many'],
    ['a broken line inside', 'l: 1\r2'],
    ['longer than anything', 'l: 99999999999999999999'],
    ['contradicted', 'l: 1\r\nContent-Length: 2'],
    ['contradicted by nonsense', 'l: 1\r\nContent-Length: x'],
  ])('refuses a length that is %s', (_what, lines) => {
    expect(bodyLength(head(lines))).toBe('content-length');
  });

  test.each([[head()], [head('Via: x')], ['\r\n\r\n'], ['x'], ['']])('misses it in %j', (text) => {
    expect(bodyLength(text)).toBe('content-length-missing');
  });
});
