import { randomBytes } from 'node:crypto';
import { KeyPlaces } from '../limits/key-places.ts';
import { digestParameter, withDigestParameter } from '../sip/message/digest.ts';

/** Of a storm of strangers so many marks are remembered, the newest; the answer to a challenge comes within seconds. */
const MOST = 131_072;
const GOOD_FOR_MS = 300_000;
const BYTES = 9;
const LENGTH = 12;
const OURS = 'db.';

/**
 * Over UDP anybody can write any source address. A mark of ours in a challenge, in `opaque`, which a client must return
 * (RFC 7616 §3.4), comes back only from who got it. The PBX's nonce would not do: to Asterisk all strangers come from the
 * gate, and all that come within one second are given the same.
 */
export class ChallengeMarks {
  readonly #sent = new KeyPlaces(MOST);

  /** The challenge with a new mark for this source, before what the PBX has there. */
  mark(challenge: string, source: string, now: number): string {
    const mark = randomBytes(BYTES).toString('base64url');
    this.#sent.worth[this.#sent.claim(`${mark}${source}`)] = now;
    const own = digestParameter(challenge, 'opaque');
    const opaque = `${OURS}${mark}${own === undefined ? '' : `.${own}`}`;
    return withDigestParameter(challenge, 'opaque', opaque);
  }

  /** Do these credentials bring a mark back that went to this source? */
  cameBack(credentials: string, source: string, now: number): boolean {
    const opaque = digestParameter(credentials, 'opaque');
    if (opaque === undefined || !opaque.startsWith(OURS)) return false;
    const mark = opaque.slice(OURS.length, OURS.length + LENGTH);
    const place = this.#sent.find(`${mark}${source}`);
    return place >= 0 && now - (this.#sent.worth[place] as number) < GOOD_FOR_MS;
  }
}

/** The credentials as the PBX knows its challenge. */
export function withoutMark(credentials: string): string {
  if (!credentials.includes(OURS)) return credentials;
  const opaque = digestParameter(credentials, 'opaque');
  if (opaque === undefined || !opaque.startsWith(OURS)) return credentials;
  const end = OURS.length + LENGTH;
  const own = opaque.charAt(end) === '.' ? opaque.slice(end + 1) : undefined;
  return withDigestParameter(credentials, 'opaque', own);
}
