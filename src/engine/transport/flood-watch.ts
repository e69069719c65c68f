import { hashOfKey } from '../../limits/key-hash.ts';

/** So many refused datagrams from one port within a second are a flood: far more than a socket that is read loses. */
const FLOOD = 1000;
const WINDOW_MS = 1000;
/** The clock is not read for each. */
const TIMED_EVERY = 100;
const SET_BITS = 6;
/** Each address and port belongs to one set, which watches so many of its own. */
const WAYS = 4;

/** Secret like the hash of an address: nobody can choose ports that fall into one set. Odd, so that no bit is lost. */
const [secret = 0] = crypto.getRandomValues(new Int32Array(1));
const portFactor = secret | 1;

interface Watched {
  address: string;
  port: number;
  since: number;
  refused: number;
}

/**
 * Finds who floods among all who are refused, in a memory that does not grow. In a full set whoever comes anew counts one
 * down from the least: a trickle of others never displaces a flood, however many they are.
 */
export class FloodWatch {
  readonly #now: () => number;
  readonly #watched: readonly Watched[] = Array.from({ length: WAYS << SET_BITS }, () => ({
    address: '',
    port: 0,
    since: Number.NEGATIVE_INFINITY,
    refused: 0,
  }));

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A datagram from there was refused: is it the last of a thousand in a second? Called for each of a flood. */
  refused(address: string, port: number): boolean {
    const first = (Math.imul(hashOfKey(address) ^ port, portFactor) >>> (32 - SET_BITS)) * WAYS;
    for (let at = first; at < first + WAYS; at++) {
      const watched = this.#watched[at];
      if (watched?.port === port && watched.address === address) return this.#count(watched);
    }
    this.#admit(first, address, port);
    return false;
  }

  #count(watched: Watched): boolean {
    watched.refused++;
    if (watched.refused % TIMED_EVERY !== 0) return false;
    const now = this.#now();
    const isOver = now - watched.since >= WINDOW_MS;
    if (!isOver && watched.refused < FLOOD) return false;
    watched.since = now;
    watched.refused = 0;
    return !isOver;
  }

  #admit(first: number, address: string, port: number): void {
    const now = this.#now();
    let least: Watched | undefined;
    for (let at = first; at < first + WAYS; at++) {
      const watched = this.#watched[at];
      if (watched === undefined) continue;
      // whose second is over without a flood has nothing to lose
      if (now - watched.since >= WINDOW_MS) watched.refused = 0;
      if (least === undefined || watched.refused < least.refused) least = watched;
    }
    if (least === undefined) return;
    if (least.refused > 0) {
      least.refused--;
      return;
    }
    least.address = address;
    least.port = port;
    least.since = now;
    least.refused = 1;
  }
}
