import type { Message } from '../message/message.ts';
import type { HeaderChange } from '../message/rewrite.ts';

/** What an answer demands to be known: of several branches a caller is given all (RFC 3261 §16.7 step 7). */
export function challengesIn(answer: Message): HeaderChange[] {
  const found: HeaderChange[] = [];
  for (const name of ['WWW-Authenticate', 'Proxy-Authenticate'])
    for (let line = answer.findNamed(name); line >= 0; line = answer.findNamed(name, line + 1))
      found.push({ name, value: answer.valueOf(line) });
  return found;
}
