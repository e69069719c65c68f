import { BucketTable } from '../limits/bucket-table.ts';
import { detached } from '../sip/message/detached.ts';
import type { Message } from '../sip/message/message.ts';
import { readMessage } from '../sip/message/read-message.ts';
import type { Listener, Received } from './signaling.ts';

/** A power of two: calls under way by those who are shut out otherwise. */
const PASSES = 64;
export const PASS_MS = 4 * 3_600_000;
/** All strangers together: so many calls, and connections to make them over. */
const STRANGERS_PER_SECOND = 1;
const STRANGERS_BURST = 10;
/** Of one call: answers, acknowledgements, repeats. */
const CALL_PER_SECOND = 10;
const CALL_BURST = 50;
const LONGEST_URI = 128;
/** What a call is set up, kept and ended with. Whoever is shut out transfers nobody, and calls nobody else. */
const ofCalls: ReadonlySet<string> = new Set(['ACK', 'BYE', 'CANCEL', 'INFO', 'PRACK', 'UPDATE']);

interface Pass {
  readonly listener: Listener;
  readonly address: string;
  readonly port: number;
  /** Of the call that the pass is for, and of no other. */
  readonly callId: string;
  readonly until: number;
}

/**
 * O11 for those who are refused before anything of theirs is read, by a block, a country or a firewall: a call to an
 * emergency number gets in all the same, and what belongs to it, told by its Call-ID. A phone's, always; of strangers, who could flood us
 * with them, one a second. A connection comes before any call: it is let in on the same terms, and ends with the first
 * message that is something else.
 */
export class EmergencyPasses {
  readonly #isEmergency: (requestUri: string) => boolean;
  readonly #passed: (address: string, port: number) => void;
  readonly #passes: (Pass | undefined)[] = new Array(PASSES).fill(undefined);
  readonly #buckets = new BucketTable(1024);

  /** `passed` is told of each call that was let in. */
  constructor(
    isEmergency: (requestUri: string) => boolean,
    passed: (address: string, port: number) => void,
  ) {
    this.#isEmergency = isEmergency;
    this.#passed = passed;
  }

  /** `received` is undefined for a connection that nothing has come over yet. */
  lets(
    listener: Listener,
    address: string,
    port: number,
    received: Received | undefined,
    familiar: boolean,
    now: number,
  ): boolean {
    if (received === undefined)
      return familiar ? this.#take(`to ${address}`, now) : this.#takeStrangers(now);
    const pass = this.#passOf(listener, address, port, now);
    if (pass !== undefined && this.#take(`in ${address} ${port}`, now)) {
      const message = readMessage(textOf(received));
      if (message?.callId === pass.callId && this.#isOfTheCall(message)) return true;
    }
    if (!beginsInvite(received) || !this.#isEmergency(requestUriOf(received))) return false;
    if (!familiar && !this.#takeStrangers(now)) return false;
    const callId = detached(readMessage(textOf(received))?.callId ?? '');
    const until = now + PASS_MS;
    this.#passes[port & (PASSES - 1)] = { listener, address, port, callId, until };
    this.#passed(address, port);
    return true;
  }

  /** Is there such a call from there, now or a while ago? */
  holds(listener: Listener, address: string, port: number, now = Date.now()): boolean {
    return this.#passOf(listener, address, port, now) !== undefined;
  }

  #passOf(listener: Listener, address: string, port: number, now: number): Pass | undefined {
    const pass = this.#passes[port & (PASSES - 1)];
    return pass !== undefined &&
      pass.port === port &&
      pass.address === address &&
      pass.listener === listener &&
      pass.until > now
      ? pass
      : undefined;
  }

  /** A new INVITE with the Call-ID of the emergency call is a call to wherever it says. */
  #isOfTheCall({ isRequest, method, toTag, requestUri }: Message): boolean {
    if (!isRequest || ofCalls.has(method)) return true;
    return method === 'INVITE' && (toTag !== '' || this.#isEmergency(requestUri));
  }

  #take(key: string, now: number): boolean {
    return this.#buckets.take(key, CALL_PER_SECOND, CALL_BURST, now);
  }

  #takeStrangers(now: number): boolean {
    return this.#buckets.take('strangers', STRANGERS_PER_SECOND, STRANGERS_BURST, now);
  }
}

const INVITE = 'INVITE ';

function beginsInvite(received: Received): boolean {
  if (typeof received === 'string') return received.startsWith(INVITE);
  for (let at = 0; at < INVITE.length; at++)
    if (received[at] !== INVITE.charCodeAt(at)) return false;
  return true;
}

const textOf = (received: Received): string =>
  typeof received === 'string' ? received : received.toString('latin1');

function requestUriOf(received: Received): string {
  const text =
    typeof received === 'string'
      ? received.slice(INVITE.length, INVITE.length + LONGEST_URI)
      : received.toString('latin1', INVITE.length, INVITE.length + LONGEST_URI);
  const end = text.indexOf(' ');
  return end < 0 ? '' : text.slice(0, end);
}
