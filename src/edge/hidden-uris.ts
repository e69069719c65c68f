import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';
import { detached } from '../sip/message/detached.ts';
import { isSips, parseUri, uriParameter } from '../sip/message/uri.ts';

const PARAMETER = 'hop';
const MARK = `;${PARAMETER}=`;
/** Before a place that is reached by `sip:` though whoever got ours was to see `sips:`; no host begins with it. */
const PLAIN = '!';

const VECTOR_BYTES = 12;
/** No PBX calls itself by more; what a stranger makes up must not cost more to open either. */
const LONGEST = 1024;
const COUNTER = Buffer.alloc(4);
/** What a PBX calls itself is a handful of texts; a stranger cannot make one that is kept. */
const REMEMBERED = 1024;

/**
 * URIs of ours that stand for those of the PBX. Where it really is goes along in a parameter, sealed: nobody else
 * can read it or make one, and it is good for as long as the key, whatever we have forgotten meanwhile. The user
 * part stays, since people and phones look at it.
 */
export interface HiddenUris {
  /** `own` is what whoever gets it is to call us, by `sips:` when it begins so. One that is no SIP URI stays as it is. */
  hide(uri: string, own: string): string;
  /** The URI behind one of ours, undefined when it is none. */
  behind(uri: string): string | undefined;
}

export function createHiddenUris(key: Uint8Array): HiddenUris {
  const seal = sealing(key);
  const tokens = new Map<string, string>();
  const places = new Map<string, string>();

  const remember = (place: string, token: string): void => {
    if (tokens.size >= REMEMBERED) {
      tokens.clear();
      places.clear();
    }
    tokens.set(place, token);
    places.set(token, place);
  };

  function tokenFor(place: string): string {
    const known = tokens.get(place);
    if (known !== undefined) return known;
    const token = seal.close(place);
    remember(detached(place), token);
    return token;
  }

  function placeOf(token: string): string | undefined {
    const known = places.get(token);
    if (known !== undefined) return known;
    const place = seal.open(token);
    if (place !== undefined) remember(place, detached(token));
    return place;
  }

  return {
    hide(uri, own) {
      if (!/^sips?:/i.test(uri) || uri.length > LONGEST / 2) return uri;
      const at = placeStart(uri);
      const question = uri.indexOf('?', at);
      const end = question < 0 ? uri.length : question;
      const place = uri.slice(at, end);
      if (!isSips(own))
        return `${uri.slice(0, at)}${own}${MARK}${tokenFor(place)}${uri.slice(end)}`;
      const token = tokenFor(isSips(uri) ? place : `${PLAIN}${place}`);
      const user = uri.slice(uri.indexOf(':') + 1, at);
      return `sips:${user}${own.slice('sips:'.length)}${MARK}${token}${uri.slice(end)}`;
    },

    behind(uri) {
      if (!uri.includes(MARK)) return undefined;
      const parsed = parseUri(uri);
      if (parsed === undefined) return undefined;
      const token = uriParameter(parsed.parameters, PARAMETER);
      const place = token === undefined ? undefined : placeOf(token);
      if (place === undefined) return undefined;
      const at = placeStart(uri);
      return place.startsWith(PLAIN)
        ? `sip:${uri.slice(uri.indexOf(':') + 1, at)}${place.slice(PLAIN.length)}${parsed.headers}`
        : `${uri.slice(0, at)}${place}${parsed.headers}`;
    },
  };
}

/** Where host and port begin. */
const placeStart = (uri: string): number => Math.max(uri.indexOf(':'), uri.indexOf('@')) + 1;

/**
 * Seals a text so that equal ones look equal (RFC 5297 in small): the first part authenticates and is the nonce
 * as well, so nothing needs to be drawn or remembered.
 */
function sealing(key: Uint8Array) {
  const derived = (purpose: string): KeyObject =>
    createSecretKey(createHmac('sha256', key).update(`hidden uri ${purpose}`).digest());
  const macKey = derived('mac');
  const cipherKey = derived('cipher');
  const vectorOf = (text: Buffer): Buffer =>
    createHmac('sha256', macKey).update(text).digest().subarray(0, VECTOR_BYTES);
  const counterFrom = (vector: Buffer): Buffer => Buffer.concat([vector, COUNTER]);

  return {
    close(text: string): string {
      const bytes = Buffer.from(text, 'latin1');
      const vector = vectorOf(bytes);
      const cipher = createCipheriv('aes-256-ctr', cipherKey, counterFrom(vector));
      return Buffer.concat([vector, cipher.update(bytes), cipher.final()]).toString('base64url');
    },

    open(token: string): string | undefined {
      if (token.length > LONGEST) return undefined;
      const sealed = Buffer.from(token, 'base64url');
      // one spelling only: what a phone adds that decoding skips would be given to everybody from then on
      if (sealed.length <= VECTOR_BYTES || sealed.toString('base64url') !== token) return undefined;
      const vector = sealed.subarray(0, VECTOR_BYTES);
      const decipher = createDecipheriv('aes-256-ctr', cipherKey, counterFrom(vector));
      const bytes = Buffer.concat([
        decipher.update(sealed.subarray(VECTOR_BYTES)),
        decipher.final(),
      ]);
      return timingSafeEqual(vectorOf(bytes), vector) ? bytes.toString('latin1') : undefined;
    },
  };
}
