import { randomBytes } from 'node:crypto';

/** Secret, so that nobody can choose keys that all fall together; odd, so that no bit is lost. */
const multiplier = randomBytes(4).readInt32LE() | 1;

let lastKey = '';
let lastHash = 0;

/**
 * A 32-bit hash of a key that strangers choose; its upper bits are the better ones. A request's key is looked up
 * in several tables one after the other, so the last one is remembered.
 */
export function hashOfKey(key: string): number {
  if (key === lastKey) return lastHash;
  let hash = key.length;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), multiplier);
  lastKey = key;
  lastHash = hash;
  return hash;
}
