import { detached } from '../../../sip/message/detached.ts';
import { Header } from '../../../sip/message/header-name.ts';
import type { Message } from '../../../sip/message/message.ts';
import { headerParameter } from '../../../sip/message/name-address.ts';
import type { Destination } from './destinations.ts';

/** As long as a phone takes to answer a challenge. */
const REMEMBERED_MS = 2000;
const MOST = 4096;

interface Challenged {
  readonly destination: Destination;
  readonly until: number;
}

/**
 * Who challenged whom: the request that brings the answer to a challenge is for the one who asked, whatever
 * list of destinations it is given. For two seconds, and for so many at most.
 */
export class ChallengeMemory {
  readonly #byNonce = new Map<string, Challenged>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get size(): number {
    return this.#byNonce.size;
  }

  /** Takes note of every challenge in a 401 or 407. Says whether there was one. */
  remember(response: Message, destination: Destination): boolean {
    const now = this.#now();
    this.#forgetOld(now);
    let challenged = false;
    for (const id of [Header.wwwAuthenticate, Header.proxyAuthenticate])
      for (let line = response.find(id); line >= 0; line = response.find(id, line + 1)) {
        challenged = true;
        const key = keyOf(response.valueOf(line));
        if (key === undefined) continue;
        this.#byNonce.delete(key);
        this.#byNonce.set(key, { destination, until: now + REMEMBERED_MS });
      }
    return challenged;
  }

  /** Who made the challenge that this request answers. */
  challengerOf(request: Message): Destination | undefined {
    if (this.#byNonce.size === 0) return undefined;
    for (const id of [Header.authorization, Header.proxyAuthorization])
      for (let line = request.find(id); line >= 0; line = request.find(id, line + 1)) {
        const found = this.#byNonce.get(keyOf(request.valueOf(line)) ?? '');
        if (found !== undefined && found.until > this.#now()) return found.destination;
      }
    return undefined;
  }

  /** In the order they came in, which is the order they grow old in. */
  #forgetOld(now: number): void {
    for (const [key, { until }] of this.#byNonce) {
      if (until > now && this.#byNonce.size < MOST) return;
      this.#byNonce.delete(key);
    }
  }
}

const LONGEST = 2048;

/** Realm and nonce of `Digest realm="…", nonce="…"`. */
function keyOf(value: string): string | undefined {
  if (value.length > LONGEST) return undefined;
  const parameters = `;${value.replace(/^\s*\w+\s+/, '').replaceAll(',', ';')}`;
  const nonce = headerParameter(parameters, 'nonce');
  if (nonce === undefined || nonce === '') return undefined;
  return detached(`${headerParameter(parameters, 'realm') ?? ''}\n${nonce}`);
}
