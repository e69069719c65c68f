import { randomInt } from 'node:crypto';
import { detached } from '../sip/message/detached.ts';
import { digestParameter } from '../sip/message/digest.ts';
import type { HeaderChange } from './signaling.ts';

const LEARNT_AGAIN_AFTER_MS = 5000;
/** Of a nonce so much may be a time or a name of its maker; the rest is what cannot be foreseen. */
const PLAIN_SHARE = 0.5;
const beforeAnyWasSeen =
  'Digest realm="sip", nonce="5f1d0c3a9b7e42886c20d4e1a9f3b750", algorithm=MD5, qop="auth"';
const classes = ['0123456789', 'abcdef', 'ABCDEF', 'ghijklmnopqrstuvwxyz', 'GHIJKLMNOPQRSTUVWXYZ'];

/**
 * Challenges like those of the PBX, for extensions that it says it does not have. They are made after the last one it
 * gave, each with a nonce of its own.
 */
export class LookAlikeChallenge {
  #last: readonly HeaderChange[] = [{ name: 'WWW-Authenticate', value: beforeAnyWasSeen }];
  #learntAt = Number.NEGATIVE_INFINITY;

  /** Has the PBX given one to learn from? */
  get learnt(): boolean {
    return this.#learntAt > Number.NEGATIVE_INFINITY;
  }

  learn(challenges: readonly HeaderChange[], now: number): void {
    if (now - this.#learntAt < LEARNT_AGAIN_AFTER_MS) return;
    if (!challenges.some(({ name }) => name === 'WWW-Authenticate')) return;
    this.#learntAt = now;
    this.#last = challenges.map(({ name, value = '' }) => ({ name, value: detached(value) }));
  }

  another(): readonly HeaderChange[] {
    return this.#last.map(({ name, value = '' }) => ({
      name,
      value: withFresh(withFresh(value, 'nonce'), 'opaque'),
    }));
  }
}

function withFresh(challenge: string, parameter: string): string {
  const text = digestParameter(challenge, parameter);
  if (text === undefined || text === '') return challenge;
  const at = challenge.indexOf(text, challenge.toLowerCase().indexOf(`${parameter}=`));
  return at < 0
    ? challenge
    : challenge.slice(0, at) + fresh(text) + challenge.slice(at + text.length);
}

/** As long, of the same sorts of letters at the same places, and another. */
function fresh(text: string): string {
  const plain = Math.floor(text.length * PLAIN_SHARE);
  let out = text.slice(0, plain);
  for (const char of text.slice(plain)) {
    const among = classes.find((one) => one.includes(char));
    out += among === undefined ? char : among[randomInt(among.length)];
  }
  return out;
}
