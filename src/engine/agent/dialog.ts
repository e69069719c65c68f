import { detached } from '../../sip/message/detached.ts';
import type { Message } from '../../sip/message/message.ts';
import { parseNameAddress } from '../../sip/message/name-address.ts';
import { oneLine } from '../../sip/message/rewrite.ts';
import { bareHost, parseUri, uriParameter } from '../../sip/message/uri.ts';
import { pointsAt } from '../points-at.ts';
import type { Program } from '../protocol/program.ts';
import type { Timer } from '../timer-wheel.ts';
import type { Channel } from '../transport/transports.ts';
import type { AcceptedInvite } from './accepted-invite.ts';
import type { SentInvite } from './sent-invite.ts';
import type { ServedRequest } from './served-request.ts';
import type { SessionTimer } from './session-timer.ts';

interface Parties {
  readonly id: string;
  readonly callId: string;
  /** Of whom the program is: who was called, or who calls. */
  readonly role: 'uas' | 'uac';
  readonly kind: 'INVITE' | 'SUBSCRIBE';
  readonly program: Program;
  /** Whole From or To values, tag and all. */
  readonly local: string;
  readonly remote: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly target: string;
  readonly routes: readonly string[];
  readonly localCseq: number;
  readonly remoteCseq: number;
  readonly channel: Channel;
  /** Our own Contact value. */
  readonly contact: string;
  /** The transactionId of the INVITE that makes it. */
  readonly earlyId: string;
}

/** An in-dialog request as it is put together. */
interface Parts {
  readonly method: string;
  readonly cseq: number;
  /** Our Via value. */
  readonly via: string;
  /** Whole lines with their CRLFs. */
  readonly headers: string;
  readonly body?: string;
  /** In place of the remote target. */
  readonly uri?: string | undefined;
}

/** A program's side of a dialog (RFC 3261 §12): whom its requests go to, numbered and routed how. */
export class Dialog {
  readonly id: string;
  readonly callId: string;
  readonly role: 'uas' | 'uac';
  readonly kind: 'INVITE' | 'SUBSCRIBE';
  readonly program: Program;
  readonly local: string;
  readonly remote: string;
  readonly localTag: string;
  readonly remoteTag: string;
  target: string;
  routes: readonly string[];
  localCseq: number;
  remoteCseq: number;
  /** What the other side was last heard on. */
  channel: Channel;
  contact: string;
  /** An UPDATE before the answer has the INVITE's own transactionId. */
  readonly earlyId: string;
  /** The last session description we sent, for a refresh. */
  localSdp = '';
  /** Methods that the other side says it understands. */
  allows = '';
  /** What a subscription is to. */
  event = '';
  /** The caller has acknowledged: there is somebody where its packets say. */
  proven = false;
  /** A 2xx made it; before that it is early. */
  confirmed = false;
  over = false;
  /** An INVITE of ours inside it has no final answer. */
  inviting: { cancel(): void } | undefined;
  /** The INVITE of ours that it came of, until that is acknowledged. */
  sent: SentInvite | undefined;
  /** An INVITE from the other side has none. */
  invited: ServedRequest | undefined;
  /** Our 2xx to the other side's INVITE, until its ACK. */
  accepted: AcceptedInvite | undefined;
  session: SessionTimer | undefined;
  silence: Timer | undefined;

  constructor(parties: Parties) {
    this.id = detached(parties.id);
    this.callId = detached(parties.callId);
    this.role = parties.role;
    this.kind = parties.kind;
    this.program = parties.program;
    this.local = detached(parties.local);
    this.remote = detached(parties.remote);
    this.localTag = detached(parties.localTag);
    this.remoteTag = detached(parties.remoteTag);
    this.target = detached(parties.target);
    this.routes = parties.routes.map(detached);
    this.localCseq = parties.localCseq;
    this.remoteCseq = parties.remoteCseq;
    this.channel = parties.channel;
    this.contact = detached(parties.contact);
    this.earlyId = parties.earlyId;
  }

  /** As the table knows it, see `keyOf`. */
  get key(): string {
    return `${this.callId}\n${this.localTag}\n${this.remoteTag}`;
  }

  /** The wire of a request inside it; a strict router gets itself as the Request-URI (RFC 3261 §12.2.1.1). */
  write({ method, cseq, via, headers, body = '', uri }: Parts): string {
    const target = oneLine(uri ?? this.target);
    const first = parseNameAddress(this.routes[0] ?? '')?.uri;
    const strict =
      first !== undefined && uriParameter(parseUri(first)?.parameters ?? ';lr', 'lr') === undefined;
    const routes = strict ? [...this.routes.slice(1), `<${target}>`] : this.routes;
    let out = `${method} ${strict ? first : target} SIP/2.0\r\nVia: ${via}\r\nMax-Forwards: 70\r\n`;
    for (const route of routes) out += `Route: ${route}\r\n`;
    return (
      `${out}From: ${this.local}\r\nTo: ${this.remote}\r\nCall-ID: ${this.callId}\r\n` +
      `CSeq: ${cseq} ${method}\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`
    );
  }

  /**
   * Where its requests go: its first Route or its target; but the way the other side was seen to come where those
   * cannot be reached from here, because a NAT stands between.
   */
  get nextHop(): string | Channel {
    const { channel } = this;
    const first = parseNameAddress(this.routes[0] ?? '')?.uri;
    const uri = first ?? this.target;
    if (!channel.open || pointsAt(uri, channel)) return channel.open ? channel : uri;
    if (channel.realm === 'access' || channel.transport === 'ws' || channel.transport === 'wss')
      return channel;
    const parsed = parseUri(uri);
    if (parsed === undefined) return channel;
    const host = bareHost(parsed.host);
    if (first !== undefined) return this.role === 'uac' && isPrivate(host) ? channel : uri;
    if (channel.reliable) return uri;
    const elsewhere = host !== channel.address;
    const samePort = (parsed.port ?? 5060) === channel.port;
    return elsewhere || (this.role === 'uas' && !samePort) ? channel : uri;
  }
}

/** RFC 1918: an address that means something only where it was given. */
const isPrivate = (host: string): boolean =>
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)[\d.]+$/.test(host);

/** The key of the dialog that a request from the other side belongs to. */
const keyOf = (request: Message): string =>
  `${request.callId}\n${request.toTag}\n${request.fromTag}`;

/** Every dialog of every program: by the id that programs use, and by what its requests say. */
export class DialogTable {
  readonly #byId = new Map<string, Dialog>();
  readonly #byTags = new Map<string, Dialog>();
  readonly #byCallId = new Map<string, Dialog>();

  get size(): number {
    return this.#byTags.size;
  }

  values(): Iterable<Dialog> {
    return this.#byTags.values();
  }

  /** The one that commands with this id are about: of several forks the one that was heard last. */
  withId(id: string): Dialog | undefined {
    return this.#byId.get(id);
  }

  of(request: Message): Dialog | undefined {
    return this.#byTags.get(keyOf(request));
  }

  /** A program that names a dialog's Call-ID means that dialog, if it is one that stands. */
  withCallId(callId: string, program: Program): Dialog | undefined {
    const dialog = this.#byCallId.get(callId);
    return dialog?.program === program && dialog.confirmed ? dialog : undefined;
  }

  add(dialog: Dialog): void {
    this.#byCallId.set(dialog.callId, dialog);
    this.#byId.set(dialog.id, dialog);
    this.#byTags.set(dialog.key, dialog);
  }

  remove(dialog: Dialog): void {
    if (this.#byCallId.get(dialog.callId) === dialog) this.#byCallId.delete(dialog.callId);
    if (this.#byId.get(dialog.id) === dialog) this.#byId.delete(dialog.id);
    if (this.#byTags.get(dialog.key) === dialog) this.#byTags.delete(dialog.key);
  }
}
