import { randomUUID } from 'node:crypto';

/**
 * One frame as it goes out: a new id, the tokens behind it, and a SIP message when there is one. One character
 * is one byte (latin1), in the tokens as in the message, so the length is right whatever is in them.
 */
export function writeFrame(tokens: readonly (string | number)[], message?: string): string {
  let payload: string = randomUUID();
  for (const token of tokens)
    payload += `|${typeof token === 'number' ? token : harmlessToken(token)}`;
  if (message !== undefined) payload += `\r\n${message}`;
  return `${payload.length}#${payload}`;
}

/** Nothing is escaped in a meta line, so what would end it, or shift the tokens behind it, must not be in one. */
const harmlessToken = (token: string): string =>
  /[|\r\n]/.test(token) ? token.replace(/[|\r\n]+/g, ' ') : token;
