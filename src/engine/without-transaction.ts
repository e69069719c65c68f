import type { BrokenBy, Handlers, HeaderChange } from '../edge/signaling.ts';
import type { Message } from '../sip/message/message.ts';
import { readMessage } from '../sip/message/read-message.ts';
import { bareHost } from '../sip/message/uri.ts';
import { respond } from '../sip/proxy/respond.ts';
import type { EngineObserver } from './engine-observer.ts';
import { randomToken } from './random-token.ts';
import type { Channel, FramingProblem } from './transport/transports.ts';

type Headers = readonly HeaderChange[];

/** What is answered, or left unanswered, without a transaction: nothing is kept for what was wrong or not wanted. */
export class WithoutTransaction {
  readonly #handlers: Pick<Handlers, 'answersBroken' | 'hidesFrom'>;
  readonly #observer: EngineObserver | undefined;
  /** The same for a request that is repeated. */
  readonly #toTag = randomToken();

  constructor(
    handlers: Pick<Handlers, 'answersBroken' | 'hidesFrom'>,
    observer: EngineObserver | undefined,
  ) {
    this.#handlers = handlers;
    this.#observer = observer;
  }

  /** An ACK with this tag acknowledges a refusal of which nothing was kept. */
  isOurs(toTag: string): boolean {
    return toTag === this.#toTag;
  }

  refuse(
    request: Message,
    channel: Channel,
    status: number,
    reason?: string,
    headers?: Headers,
    toTag = this.#toTag,
  ): void {
    const { address, port } = channel;
    const facts = { status, toTag, address, port };
    const wire = respond(request, {
      ...facts,
      ...(reason !== undefined && { reason }),
      ...(headers !== undefined && { headers }),
    });
    this.#observer?.answered(status, channel);
    replyChannel(request, channel).send(wire);
  }

  /** What is sound, and not wanted: from somebody to whom we do not exist it stays unanswered. */
  refuseOpenly(request: Message, channel: Channel, status: number, headers?: Headers): void {
    if (this.#handlers.hidesFrom?.(channel, request) === true) channel.disregarded();
    else this.refuse(request, channel, status, undefined, headers);
  }

  unframeable(head: string, problem: FramingProblem, channel: Channel): void {
    const message = readMessage(head.includes('\r\n\r\n') ? head : `${head}\r\n\r\n`);
    const answers = this.answersBroken(channel, framingProblems[problem]);
    if (message?.isRequest !== true || message.via === undefined || message.method === 'ACK')
      this.ignored(channel);
    else if (answers) this.refuse(message, channel, 400);
  }

  /** What nobody could be answered about. */
  broken(channel: Channel, problem: BrokenBy): void {
    this.ignored(channel);
    this.#handlers.answersBroken?.(channel, problem);
  }

  ignored(channel: Channel): void {
    this.#observer?.ignored(channel);
    channel.disregarded();
  }

  answersBroken(channel: Channel, problem: BrokenBy): boolean {
    const answers = this.#handlers.answersBroken?.(channel, problem) ?? true;
    if (!answers) channel.disregarded();
    return answers;
  }
}

const framingProblems: Readonly<Record<FramingProblem, BrokenBy>> = {
  'content-length': 'content-length',
  'content-length-missing': 'content-length',
  'head-too-large': 'too-large',
  'body-too-large': 'too-large',
  'not-sip': 'not-sip',
};

/**
 * RFC 3261 §18.2.2, RFC 3581: back where it came from; without `rport` to the port that the Via names. That one is no
 * port of a NAT box, and of a phone behind one only what it sent by opens the way back.
 */
export function replyChannel(request: Message, channel: Channel): Channel {
  const { via } = request;
  if (channel.reliable || via === undefined || via.rport) return channel;
  if (channel.realm === 'access' && bareHost(via.host) !== channel.address) return channel;
  return channel.atPort(via.port ?? 5060);
}
