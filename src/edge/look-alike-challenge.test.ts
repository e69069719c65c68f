import { describe, expect, test } from 'vitest';
import { digestParameter } from '../sip/message/digest.ts';
import { LookAlikeChallenge } from './look-alike-challenge.ts';

const of = (value: string) => [{ name: 'WWW-Authenticate', value }];
const value = (look: LookAlikeChallenge) => look.another()[0]?.value ?? '';

describe('a challenge like those of the PBX', () => {
  test('has all that the last one had, but for a nonce and an opaque of its own', () => {
    const look = new LookAlikeChallenge();
    look.learn(
      of('Digest realm="a, b",nonce="1795922239/b476bd8ea50f",opaque="76deaa5b",qop="auth"'),
      0,
    );
    const [one, other] = [value(look), value(look)];
    for (const text of [one, other])
      expect(text).toMatch(
        /^Digest realm="a, b",nonce="1795922239\/[0-9a-f]{12}",opaque="76de[0-9a-f]{4}",qop="auth"$/,
      );
    expect(digestParameter(one, 'nonce')).not.toBe(digestParameter(other, 'nonce'));
  });

  test('is learnt anew, as a nonce may begin with the time', () => {
    const look = new LookAlikeChallenge();
    look.learn(of('Digest nonce="old-old-old-"'), 0);
    look.learn(of('Digest nonce="too-soon-old"'), 4999);
    expect(value(look)).toContain('nonce="old-ol');
    look.learn(of('Digest nonce="newnewnewnew"'), 5000);
    expect(value(look)).toContain('nonce="newnew');
  });

  test('is one of several where the PBX gives several', () => {
    const look = new LookAlikeChallenge();
    const both = [...of('Digest nonce="a1b2", algorithm=SHA-256'), ...of('Digest nonce="c3d4"')];
    look.learn(both, 0);
    expect(look.another()).toHaveLength(2);
  });

  test('is there before the PBX has given any', () => {
    expect(digestParameter(value(new LookAlikeChallenge()), 'nonce')).toMatch(/^[0-9a-f]{32}$/);
  });
});
