/** Secret, so that nobody can choose keys that fall together; odd, so that no bit is lost. */
const secrets = crypto.getRandomValues(new Int32Array(6));
const [lowSeed = 0, highSeed = 0, oneSeed = 0, lowSecret = 0, highSecret = 0, oneSecret = 0] =
  secrets;
const lowFactor = lowSecret | 1;
const highFactor = highSecret | 1;

const oneFactor = oneSecret | 1;

let lastKey: string | undefined;
let lastOneKey = '';
let lastOne = 0;

/** What `hashKey` found: two numbers of 32 bits, without an object made for them. */
export const hashed = { low: 0, high: 0 };

/**
 * Leaves 64 bits for a key that strangers choose in `hashed`. One packet's key is asked about in several tables
 * one after the other, so the last one is remembered.
 */
export function hashKey(key: string): void {
  if (key === lastKey) return;
  let low = lowSeed;
  let high = highSeed;
  for (let at = 0; at < key.length; at++) {
    const code = key.charCodeAt(at);
    low = Math.imul(low ^ code, lowFactor);
    low ^= low >>> 15;
    high = Math.imul(high ^ code, highFactor);
    high ^= high >>> 15;
  }
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  hashed.low = low ^ (low >>> 16);
  hashed.high = high ^ (high >>> 16);
  lastKey = key;
}

/** The same in 32 bits and at half the cost, for tables that hold the keys themselves; its upper bits are the better ones. */
export function hashOfKey(key: string): number {
  if (key === lastOneKey) return lastOne;
  let hash = oneSeed ^ key.length;
  // without the shift two texts can be written that fall together whatever the factor is
  for (let at = 0; at < key.length; at++) {
    hash = Math.imul(hash ^ key.charCodeAt(at), oneFactor);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0x85ebca6b);
  lastOneKey = key;
  lastOne = hash;
  return hash;
}
