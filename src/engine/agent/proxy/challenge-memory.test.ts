import { describe, expect, test } from 'vitest';
import { aRequest, aResponse } from '../../../../test/support/a-message.ts';
import { ChallengeMemory } from './challenge-memory.ts';
import { destination } from './destinations.ts';

const a = destination('sip:a.example');
const b = destination('sip:b.example');

const challenge = (nonce: string, realm = 'r') =>
  aResponse({
    startLine: 'SIP/2.0 407 Proxy Authentication Required',
    headers: {
      'Proxy-Authenticate': `Digest realm="${realm}",nonce="${nonce}", qop="auth,auth-int"`,
    },
  });
const credentials = (nonce: string, realm = 'r') =>
  aRequest({
    headers: {
      'Proxy-Authorization': `Digest username="u, \\"v", nonce="${nonce}", realm="${realm}"`,
    },
  });

describe('who challenged', () => {
  test('is known by realm and nonce, in whatever order and place they are written', () => {
    const memory = new ChallengeMemory(() => 0);
    expect(memory.remember(challenge('1'), a)).toBe(true);
    memory.remember(challenge('2'), b);
    expect(memory.challengerOf(credentials('1'))).toBe(a);
    expect(memory.challengerOf(credentials('2'))).toBe(b);
    expect(memory.challengerOf(credentials('1', 'other'))).toBeUndefined();
    expect(memory.challengerOf(aRequest())).toBeUndefined();
  });

  test('is nobody in a refusal without a challenge', () => {
    const memory = new ChallengeMemory(() => 0);
    expect(memory.remember(aResponse({ startLine: 'SIP/2.0 401 Unauthorized' }), a)).toBe(false);
    expect(memory.size).toBe(0);
  });

  test('is forgotten after two seconds', () => {
    let now = 0;
    const memory = new ChallengeMemory(() => now);
    memory.remember(challenge('1'), a);
    now = 1999;
    expect(memory.challengerOf(credentials('1'))).toBe(a);
    now = 2000;
    expect(memory.challengerOf(credentials('1'))).toBeUndefined();
    memory.remember(challenge('2'), a);
    expect(memory.size).toBe(1);
  });

  test('is remembered of so many at most, the latest', () => {
    const memory = new ChallengeMemory(() => 0);
    for (let nonce = 0; nonce < 10_000; nonce++) memory.remember(challenge(String(nonce)), a);
    expect(memory.size).toBeLessThanOrEqual(4096);
    expect(memory.challengerOf(credentials('9999'))).toBe(a);
    memory.remember(challenge('x'.repeat(5000)), a);
    expect(memory.challengerOf(credentials('x'.repeat(5000)))).toBeUndefined();
  });
});
