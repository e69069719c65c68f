import { randomBytes } from 'node:crypto';

const BATCH_BYTES = 6 * 1024;
const LENGTH = 12;

let batch = '';
let at = 0;

/** 72 unguessable bits in characters that fit a branch, a tag or a Call-ID; drawn in batches to be cheap. */
export function randomToken(): string {
  if (at + LENGTH > batch.length) {
    batch = randomBytes(BATCH_BYTES).toString('base64url');
    at = 0;
  }
  at += LENGTH;
  return batch.slice(at - LENGTH, at);
}

/** Every branch of ours begins so: a loop is known by it. The rest cannot be guessed. */
export const OUR_BRANCH = 'z9hG4bKdb';
export const BRANCH_LENGTH = OUR_BRANCH.length + LENGTH;

export const newBranch = (): string => OUR_BRANCH + randomToken();
