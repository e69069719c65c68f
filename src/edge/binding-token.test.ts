import { describe, expect, test } from 'vitest';
import { createBindingTokens } from './binding-token.ts';

const key = Buffer.alloc(32, 1);
const tokenOf = createBindingTokens(key);

describe('a binding token', () => {
  test('is the same for the same contact, also after a restart', () => {
    const token = tokenOf('1001@a.test', 'sip:1001@10.0.0.1');
    expect(createBindingTokens(Buffer.from(key))('1001@a.test', 'sip:1001@10.0.0.1')).toBe(token);
  });

  test('is safe in a URI as it is', () => {
    expect(tokenOf('1001@a.test', 'sip:x')).toMatch(/^[\w-]{16}$/);
  });

  test('is another under another key, for another extension and for another contact', () => {
    const tokens = [
      tokenOf('1001@a.test', 'sip:x'),
      tokenOf('1002@a.test', 'sip:x'),
      tokenOf('1001@b.test', 'sip:x'),
      tokenOf('1001@a.test', 'sip:y'),
      createBindingTokens(Buffer.alloc(32, 2))('1001@a.test', 'sip:x'),
    ];
    expect(new Set(tokens).size).toBe(tokens.length);
  });
});
