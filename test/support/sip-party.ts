import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { uriHost } from '../../src/sip/message/uri.ts';
import { answerDigest, type Credentials } from './digest-answer.ts';
import { PATIENCE_MS } from './patience.ts';
import { composeSip, type HeaderValues, readSip, type SipText, uriOf } from './sip-text.ts';
import type { Peer, Place, Wire, WireTransport } from './sip-wire.ts';

/** Where a message goes; without a transport, over the party's first wire. */
export type Toward = Place & { readonly transport?: WireTransport };

/** A message as it came in. */
export interface Received extends SipText {
  readonly from: Peer;
  /** performance.now() when it arrived. */
  readonly at: number;
}

export interface RequestOptions {
  readonly headers?: HeaderValues;
  readonly body?: string;
  /** Where it goes; a phone always speaks to the gate, a PBX must say. */
  readonly to?: Toward;
  /** Default true when the party has a password: a 401 or 407 is answered by itself and never seen by the test. */
  readonly authenticates?: boolean;
}

export interface AnswerOptions {
  readonly headers?: HeaderValues;
  readonly body?: string;
  readonly reason?: string;
  /** Default: one tag per Call-ID, the same in every answer. */
  readonly toTag?: string;
}

/** A method (a request), a status (a response), or a test of the message. */
export type Expected = string | number | ((message: Received) => boolean);

interface Sent {
  readonly message: SipText;
  readonly to: Place;
  readonly wire: Wire;
  readonly authenticates: boolean;
  /** The one this one repeats with credentials. */
  readonly first: SipText;
}

/** How often a request is repeated with credentials: once, and again when told that they were stale. */
const MOST_ANSWERS = 3;

const token = (bytes = 6) => randomBytes(bytes).toString('hex');

/** Headers a request gets unless the test says otherwise. */
export interface Identity {
  /** Of From, and of the Contact. */
  readonly user: string;
  readonly domain: string;
  readonly credentials: Credentials | undefined;
}

/**
 * One end of SIP conversations that does exactly what a test tells it, and of itself only what no test wants
 * to spell out: it acknowledges a refused INVITE, answers a challenge when it has a password, answers a
 * repeated request with the answer it gave, and keeps repetitions out of the test's sight (`received` has all).
 */
export class SipParty {
  /** Everything that ever arrived, repetitions included, in order. */
  readonly received: Received[] = [];
  /** Lone CRLFs that arrived: answers to keep-alives over a connection. */
  crlfs = 0;
  /** Set, it takes no notice of anything that comes: a hung process, as seen from outside. */
  deaf = false;
  readonly identity: Identity;
  readonly wires: readonly Wire[];
  readonly #inbox: Received[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #seen = new Set<string>();
  readonly #sent = new Map<string, Sent>();
  readonly #answers = new Map<string, string>();
  readonly #tags = new Map<string, string>();
  readonly #standing = new Map<string, (request: Received) => void>();
  readonly #defaultTo: Toward | undefined;

  constructor(wires: readonly Wire[], identity: Identity, defaultTo?: Toward) {
    this.wires = wires;
    this.identity = identity;
    this.#defaultTo = defaultTo;
  }

  /** The address and port of its first wire. */
  get address(): string {
    return this.#wire().local.address;
  }
  get port(): number {
    return this.#wire().local.port;
  }
  get transport(): WireTransport {
    return this.#wire().transport;
  }

  /** The Contact it gives: how it wants to be reached. */
  get contact(): string {
    return `<${this.#contactUri(this.#wire())}>`;
  }

  /** Answers every request of this method by itself, out of the test's sight. */
  always(method: string, act: (request: Received) => void): void {
    this.#standing.set(method, act);
  }

  /** Sends a request, with the mandatory headers filled in, and returns it as sent. */
  request(method: string, uri: string, options: RequestOptions = {}): SipText {
    const { headers = {}, body = '', to = this.#defaultTo } = options;
    if (to === undefined) throw new Error(`say where this ${method} goes`);
    const wire = this.#wire(to.transport);
    const us = `<sip:${this.identity.user}@${this.identity.domain}>`;
    const text = composeSip(
      `${method} ${uri} SIP/2.0`,
      [
        ['Via', this.#via(wire)],
        ['Max-Forwards', '70'],
        ['From', `${us};tag=${token()}`],
        ['To', `<${uri.replace(/;.*$/, '')}>`],
        ['Call-ID', `${token(8)}@${wire.local.address}`],
        ['CSeq', `1 ${method}`],
        ['Contact', `<${this.#contactUri(wire)}>`],
        ...(body === '' ? [] : [['Content-Type', 'application/sdp'] as const]),
      ],
      headers,
      body,
    );
    const authenticates = options.authenticates ?? this.identity.credentials !== undefined;
    return this.#transmit(text, to, wire, authenticates);
  }

  /** Sends bytes as they are. What is a request is still acknowledged when refused. */
  send(text: string, to: Toward | undefined = this.#defaultTo): void {
    if (to === undefined) throw new Error('say where these bytes go');
    const wire = this.#wire(to.transport);
    wire.send(text, to);
    if (/^INVITE /.test(text)) {
      const message = readSip(text);
      this.#remember({ message, to, wire, authenticates: false, first: message });
    }
  }

  /** Answers a request over the way it came, and returns the answer. */
  answer(request: Received, status: number, options: AnswerOptions = {}): SipText {
    const { headers = {}, body = '', reason = status < 300 ? 'OK' : 'Refused' } = options;
    const wire = this.#wire(request.from.transport);
    const dialog =
      status > 100 && status < 300 && /^(INVITE|SUBSCRIBE|REFER|UPDATE)$/.test(request.cseqMethod);
    const to = request.header('To') ?? '';
    const tagged =
      request.toTag !== undefined || status === 100
        ? to
        : `${to};tag=${options.toTag ?? this.tagFor(request.callId)}`;
    const text = composeSip(
      `SIP/2.0 ${status} ${status === 180 ? 'Ringing' : status === 100 ? 'Trying' : reason}`,
      [
        ...request.headers('Via').map((via) => ['Via', via] as const),
        ...(dialog ? request.headers('Record-Route') : []).map((r) => ['Record-Route', r] as const),
        ['From', request.header('From') ?? ''],
        ['To', tagged],
        ['Call-ID', request.callId],
        ['CSeq', request.header('CSeq') ?? ''],
        ...(dialog ? [['Contact', `<${this.#contactUri(wire)}>`] as const] : []),
        ...(body === '' ? [] : [['Content-Type', 'application/sdp'] as const]),
      ],
      headers,
      body,
    );
    wire.send(text, request.from);
    this.#answers.set(identityOf(request), text);
    return readSip(text);
  }

  /** The tag this party puts into To when it answers in this Call-ID. */
  tagFor(callId: string): string {
    const tag = this.#tags.get(callId) ?? token();
    this.#tags.set(callId, tag);
    return tag;
  }

  /** The first message that fits, among those already here and those to come. Others stay where they are. */
  async expect(
    expected: Expected,
    { within = PATIENCE_MS, of }: { readonly within?: number; readonly of?: string } = {},
  ): Promise<Received> {
    const fits = (message: Received) =>
      (typeof expected === 'function'
        ? expected(message)
        : typeof expected === 'number'
          ? message.status === expected
          : message.method === expected) &&
      (of === undefined || message.cseqMethod === of);
    const giveUpAt = performance.now() + within;
    for (;;) {
      const index = this.#inbox.findIndex(fits);
      const [found] = index < 0 ? [] : this.#inbox.splice(index, 1);
      if (found !== undefined) return found;
      const left = giveUpAt - performance.now();
      if (left <= 0) throw new Error(this.#complaint(String(expected), within));
      await this.#news(left);
    }
  }

  /** The final answer to a request: the first of 200 to 699 with its Call-ID and method. */
  finalAnswer(request: SipText, within?: number): Promise<Received> {
    return this.expect(
      (message) =>
        message.status !== undefined &&
        message.status >= 200 &&
        message.callId === request.callId &&
        message.cseqMethod === request.cseqMethod,
      { ...(within !== undefined && { within }) },
    );
  }

  /** Nothing unread is here (a 100 apart) and nothing at all comes for so long. */
  async silence(ms: number): Promise<void> {
    const before = this.received.length;
    await sleep(ms);
    const noise = [
      ...this.#inbox.filter(({ status }) => status !== 100),
      ...this.received.slice(before),
    ];
    if (noise.length > 0)
      throw new Error(`expected silence, heard:\n${noise.map(({ text }) => text).join('\n')}`);
  }

  /** Forgets what has come so far and was not asked for. */
  forget(): void {
    this.#inbox.length = 0;
  }

  async close(): Promise<void> {
    await Promise.all(this.wires.map((wire) => wire.close()));
  }

  /** For the wires: what they hear goes in here. */
  readonly hear = (text: string, from: Peer): void => {
    if (this.deaf) return;
    if (text === '') {
      this.crlfs += 1;
      this.#tell();
      return;
    }
    const message: Received = { ...readSip(text), from, at: performance.now() };
    this.received.push(message);
    const key = identityOf(message);
    if (this.#seen.has(key)) this.#repeated(message, key);
    else {
      this.#seen.add(key);
      this.#first(message);
    }
    this.#tell();
  };

  #first(message: Received): void {
    const sent = message.branch === undefined ? undefined : this.#sent.get(message.branch);
    const { status, method } = message;
    if (status !== undefined && status >= 300 && sent?.message.method === 'INVITE')
      this.#acknowledge(sent, message);
    if ((status === 401 || status === 407) && sent?.authenticates === true) {
      this.#authenticate(sent, message, status);
      return;
    }
    const standing = method === undefined ? undefined : this.#standing.get(method);
    if (standing === undefined) this.#inbox.push(message);
    else standing(message);
  }

  #repeated(message: Received, key: string): void {
    const answer = this.#answers.get(key);
    if (answer !== undefined) this.#wire(message.from.transport).send(answer, message.from);
    const sent = message.branch === undefined ? undefined : this.#sent.get(message.branch);
    if (message.status !== undefined && message.status >= 300 && sent?.message.method === 'INVITE')
      this.#acknowledge(sent, message);
  }

  /** RFC 3261 §17.1.1.3: the ACK for a refusal is part of the INVITE's own transaction. */
  #acknowledge({ message, to, wire }: Sent, refusal: Received): void {
    const copied = ['From', 'Call-ID', 'Route', 'Max-Forwards'] as const;
    wire.send(
      composeSip(`ACK ${message.uri} SIP/2.0`, [
        ['Via', message.headers('Via')[0] ?? ''],
        ['To', refusal.header('To') ?? ''],
        ['CSeq', `${message.cseq} ACK`],
        ...copied.flatMap((name) => message.headers(name).map((value) => [name, value] as const)),
      ]),
      to,
    );
  }

  #authenticate(sent: Sent, challenge: Received, status: 401 | 407): void {
    const { message, to, wire, first } = sent;
    const { credentials } = this.identity;
    const [asks, says] =
      status === 401
        ? (['WWW-Authenticate', 'Authorization'] as const)
        : (['Proxy-Authenticate', 'Proxy-Authorization'] as const);
    if (credentials === undefined || message.method === undefined || message.uri === undefined)
      return;
    // RFC 7616 §3.3: the password was right, the nonce too old
    const stale = /[\s,]stale="?true/i.test(challenge.header(asks) ?? '');
    if (
      message.header(says) !== undefined &&
      !(stale && message.cseq < first.cseq + MOST_ANSWERS)
    ) {
      this.#inbox.push(challenge); // refused with credentials: that is for the test to see
      return;
    }
    const { method, uri } = message;
    const answer = answerDigest(challenge.header(asks) ?? '', { method, uri }, credentials);
    const withCredentials = message.text
      .replace(new RegExp(`\\r\\n${says}:[^\\r]*`, 'i'), '')
      .replace(/(\r\nVia:[^\r]*;branch=)[^;\r]+/i, `$1${newBranch()}`)
      .replace(/\r\nCSeq: \d+/, `\r\nCSeq: ${message.cseq + 1}`)
      .replace(/\r\nContent-Length:/, `\r\n${says}: ${answer}\r\nContent-Length:`);
    this.#transmit(withCredentials, to, wire, true, first);
  }

  /** The last form in which a request went out: with credentials, if it was challenged. */
  latest(request: SipText): SipText {
    return [...this.#sent.values()].findLast(({ first }) => first === request)?.message ?? request;
  }

  #transmit(text: string, to: Place, wire: Wire, authenticates: boolean, first?: SipText): SipText {
    const message = readSip(text);
    this.#remember({ message, to, wire, authenticates, first: first ?? message });
    wire.send(text, to);
    return message;
  }

  #remember(sent: Sent): void {
    if (sent.message.branch !== undefined) this.#sent.set(sent.message.branch, sent);
  }

  #via(wire: Wire): string {
    const { transport, local } = wire;
    const sentBy =
      transport === 'ws' || transport === 'wss'
        ? `${token()}.invalid`
        : `${uriHost(local.address)}:${local.port}`;
    return `SIP/2.0/${transport.toUpperCase()} ${sentBy};branch=${newBranch()};rport`;
  }

  #contactUri({ transport, local }: Wire): string {
    const { user } = this.identity;
    if (transport === 'ws' || transport === 'wss')
      return `sip:${user}@${user}.invalid;transport=ws`;
    const where = `sip:${user}@${uriHost(local.address)}:${local.port}`;
    return transport === 'udp' ? where : `${where};transport=${transport}`;
  }

  #wire(transport?: WireTransport): Wire {
    const wire = this.wires.find((one) => transport === undefined || one.transport === transport);
    if (wire === undefined) throw new Error(`this party does not speak ${transport}`);
    return wire;
  }

  #tell(): void {
    for (const wake of this.#waiting) wake();
  }

  #news(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#waiting.add(wake);
    });
  }

  #complaint(expected: string, within: number): string {
    const unread = this.#inbox.map(({ startLine }) => startLine).join(' | ') || 'nothing';
    const all = this.received.map(({ startLine }) => startLine).join(' | ') || 'nothing';
    return `expected ${expected} within ${within} ms; unread: ${unread}; all that came: ${all}`;
  }
}

/** What makes a message a repetition of another. */
function identityOf(message: SipText): string {
  const { status, method, branch, cseq, cseqMethod, callId, toTag } = message;
  return [
    status ?? method,
    branch,
    cseq,
    cseqMethod,
    callId,
    status === undefined ? '' : toTag,
  ].join(' ');
}

/** An RFC 3261 branch that nobody has used before. */
export const newBranch = (): string => `z9hG4bK${token(8)}`;

/** The URI a party's answer or request asks to be reached at. */
export const contactOf = (message: SipText): string => uriOf(message.header('Contact') ?? '');
