import { createHmac, randomBytes } from 'node:crypto';
import { KeyPlaces } from '../limits/key-places.ts';
import { digestParameter, withDigestParameter } from '../sip/message/digest.ts';

/** Of a storm of strangers so many marks are remembered, the newest; the answer to a challenge comes within seconds. */
const MOST = 131_072;
const GOOD_FOR_MS = 300_000;
/** Of so many registrations it is known what the PBX took. */
const MOST_TAKEN = 65_536;
const BYTES = 9;
const LENGTH = 12;
const BEGINNING = 4;

/**
 * Over UDP anybody can write any source address. A mark of ours in a challenge, in `opaque`, which a client must return
 * (RFC 7616 §3.4), comes back only from who got it. The PBX's nonce would not do: to Asterisk all strangers come from the
 * gate, and all that come within one second are given the same.
 *
 * A mark begins alike with one key, so that it is known again after a restart, and with no other: it would tell every
 * stranger what runs here.
 */
export class ChallengeMarks {
  readonly #sent = new KeyPlaces(MOST);
  /** Those by which somebody registered. */
  readonly #taken = new KeyPlaces(MOST_TAKEN);
  readonly #ours: string;
  /** The beginning where the whole challenge is ours: the PBX knows nothing of it. */
  readonly #own: string;

  constructor(key: Uint8Array = randomBytes(32)) {
    const text = createHmac('sha256', key).update('challenge marks').digest('base64url');
    this.#ours = text.slice(0, BEGINNING);
    this.#own = text.slice(BEGINNING, 2 * BEGINNING);
  }

  /** The challenge with a new mark for this source, before what the PBX has there. */
  mark(challenge: string, source: string, now: number): string {
    const own = digestParameter(challenge, 'opaque');
    const opaque = this.#another(this.#ours, source, now) + (own === undefined ? '' : `.${own}`);
    return withDigestParameter(challenge, 'opaque', opaque);
  }

  /** The same of one that the PBX never gave. */
  markOwn(challenge: string, source: string, now: number): string {
    return withDigestParameter(challenge, 'opaque', this.#another(this.#own, source, now));
  }

  #another(beginning: string, source: string, now: number): string {
    const mark = randomBytes(BYTES).toString('base64url');
    this.#sent.worth[this.#sent.claim(`${mark}${source}`)] = now;
    return beginning + mark;
  }

  /** Do these credentials bring a mark back that went to this source? */
  cameBack(credentials: string, source: string, now: number): boolean {
    const mark = this.#markIn(credentials);
    if (mark === undefined) return false;
    const place = this.#sent.find(`${mark}${source}`);
    return place >= 0 && now - (this.#sent.worth[place] as number) < GOOD_FOR_MS;
  }

  #markIn(credentials: string): string | undefined {
    const opaque = digestParameter(credentials, 'opaque');
    return opaque?.startsWith(this.#ours) || opaque?.startsWith(this.#own)
      ? opaque.slice(BEGINNING, BEGINNING + LENGTH)
      : undefined;
  }

  /** The PBX registered the extension by these. */
  took(credentials: string, extension: string, source: string, now: number): void {
    const key = takenBy(this.#markIn(credentials), extension, source);
    if (key === undefined) return;
    const known = this.#taken.find(key);
    this.#taken.worth[known < 0 ? this.#taken.claim(key) : known] = now;
  }

  /**
   * Do these answer a challenge by which the PBX registered the extension before? Whoever did has the password: what he
   * brings now is refused because the nonce is old. Said of a challenge once: the next one that he answers is new.
   */
  areWornOut(credentials: string, extension: string, source: string): boolean {
    const key = takenBy(this.#markIn(credentials), extension, source);
    const place = key === undefined ? -1 : this.#taken.find(key);
    if (place < 0) return false;
    this.#taken.release(place);
    return true;
  }

  /** Do they answer a challenge that the PBX never gave? */
  areForOurs(credentials: string): boolean {
    return (
      credentials.includes(this.#own) &&
      digestParameter(credentials, 'opaque')?.startsWith(this.#own) === true
    );
  }

  /** The credentials as the PBX knows its challenge. */
  takeOut(credentials: string): string {
    if (!credentials.includes(this.#ours)) return credentials;
    const opaque = digestParameter(credentials, 'opaque');
    if (opaque === undefined || !opaque.startsWith(this.#ours)) return credentials;
    const end = BEGINNING + LENGTH;
    const own = opaque.charAt(end) === '.' ? opaque.slice(end + 1) : undefined;
    return withDigestParameter(credentials, 'opaque', own);
  }
}

const takenBy = (mark: string | undefined, extension: string, source: string): string | undefined =>
  mark && `${mark}${extension}|${source}`;
