import type { HeaderChange } from '../edge/signaling.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import { challengesIn } from '../sip/proxy/challenges.ts';

/** The challenges of several branches: a caller that must answer them is given them all (RFC 3261 §16.7 step 7). */
export class Challenges {
  readonly #all: HeaderChange[] = [];

  collect(response: Message): void {
    this.#all.push(...challengesIn(response));
  }

  /** Those that the response which goes back does not bring itself, as header lines. */
  missingIn(best: Message): string {
    const own = new Set([
      ...best.list(Header.wwwAuthenticate),
      ...best.list(Header.proxyAuthenticate),
    ]);
    return this.#all
      .filter(({ value }) => value !== undefined && !own.has(value) && !best.wire.includes(value))
      .map(({ name, value }) => `${name}: ${value}\r\n`)
      .join('');
  }
}
