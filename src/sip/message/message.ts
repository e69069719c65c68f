import { isKind, Kind, skip, trimBlanks } from './characters.ts';
import { Header, type HeaderId, headerId } from './header-name.ts';
import { splitList } from './list.ts';
import { methodAt } from './method.ts';
import { parameterAt, parametersFrom } from './name-address.ts';
import { readNumber } from './number.ts';
import { parseUri, type SipUri } from './uri.ts';
import { parseVia, type Via } from './via.ts';

/** What makes a message unfit to be passed on, found while its lines were told apart. */
export type Flaw =
  | 'start-line'
  | 'bare-cr-or-lf'
  | 'nul'
  | 'header-syntax'
  | 'no-end-of-headers'
  | 'content-length'
  | 'body-cut-short';

/** Numbers kept per header line: its id, where the line starts, where its value starts, where the line's CRLF is. */
export const STRIDE = 4;

const NOT_READ = -2;

/**
 * A SIP message as it came off the wire: a string with one character per byte (latin1), and where its
 * header lines lie. Nothing else is decoded until asked for, and nothing is ever changed: what is passed
 * on is this text with a few splices (`Rewrite`), so unknown headers and bodies stay byte for byte.
 */
export class Message {
  readonly wire: string;
  readonly isRequest: boolean;
  /** Empty for a response. Case-sensitive, and may be one nobody has heard of. */
  readonly method: string;
  readonly requestUri: string;
  /** Where the Request-URI stands in `wire`. */
  readonly requestUriStart: number;
  /** Zero for a request. */
  readonly status: number;
  readonly reason: string;
  /** `SIP/2.0` unless the peer speaks something else. */
  readonly version: string;
  /** Where the start line's CRLF is. */
  readonly startLineEnd: number;
  /** Where the blank line is: an insertion here becomes the last header. */
  readonly headEnd: number;
  readonly bodyStart: number;
  /** Body bytes beyond Content-Length are not part of the message (RFC 3261 §18.3). */
  readonly bodyEnd: number;
  readonly flaw: Flaw | undefined;
  readonly #lines: number[];
  #via: Via | undefined | null = null;
  #uri: SipUri | undefined | null = null;
  #cseq = NOT_READ;
  #cseqMethod = '';
  #fromTag: string | undefined;
  #toTag: string | undefined;

  constructor(facts: MessageFacts) {
    this.wire = facts.wire;
    this.isRequest = facts.isRequest;
    this.method = facts.method;
    this.requestUri = facts.requestUri;
    this.requestUriStart = facts.requestUriStart;
    this.status = facts.status;
    this.reason = facts.reason;
    this.version = facts.version;
    this.startLineEnd = facts.startLineEnd;
    this.headEnd = facts.headEnd;
    this.bodyStart = facts.bodyStart;
    this.bodyEnd = facts.bodyEnd;
    this.flaw = facts.flaw;
    this.#lines = facts.lines;
  }

  /** How many header lines there are; a line is named by its index below this. */
  get lineCount(): number {
    return this.#lines.length / STRIDE;
  }

  /** The first line of that header at or after `from`, or -1. */
  find(id: HeaderId, from = 0): number {
    const lines = this.#lines;
    for (let at = from * STRIDE; at < lines.length; at += STRIDE)
      if (lines[at] === id) return at / STRIDE;
    return -1;
  }

  /** The first line with this name, known or not, in any case. */
  findNamed(name: string, from = 0): number {
    const id = headerId(name);
    if (id !== Header.other) return this.find(id, from);
    const lower = name.toLowerCase();
    for (
      let line = this.find(Header.other, from);
      line >= 0;
      line = this.find(Header.other, line + 1)
    )
      if (this.lineName(line).toLowerCase() === lower) return line;
    return -1;
  }

  lineStart(line: number): number {
    return this.#lines[line * STRIDE + 1] ?? this.headEnd;
  }
  /** Where the line's last CRLF is; the next line starts two later. */
  lineEnd(line: number): number {
    return this.#lines[line * STRIDE + 3] ?? this.headEnd;
  }
  valueStart(line: number): number {
    return this.#lines[line * STRIDE + 2] ?? this.headEnd;
  }
  lineId(line: number): number {
    return this.#lines[line * STRIDE] ?? Header.other;
  }
  lineName(line: number): string {
    const start = this.lineStart(line);
    return trimBlanks(this.wire.slice(start, this.wire.indexOf(':', start)));
  }

  /** A line's value, trimmed and unfolded (RFC 3261 §7.3.1). */
  valueOf(line: number): string {
    const raw = this.wire.slice(this.valueStart(line), this.lineEnd(line));
    const trimmed = isKind(raw.charCodeAt(raw.length - 1), Kind.blank) ? trimBlanks(raw) : raw;
    return trimmed.includes('\r') ? trimmed.split('\r\n').map(trimBlanks).join(' ') : trimmed;
  }

  /** The first value of that header, undefined when absent. */
  value(id: HeaderId): string | undefined {
    const line = this.find(id);
    return line < 0 ? undefined : this.valueOf(line);
  }

  /** The first value of the header with this name. */
  header(name: string): string | undefined {
    const line = this.findNamed(name);
    return line < 0 ? undefined : this.valueOf(line);
  }

  /** Every element of a list header, over all its lines, in order: `Route: <a>, <b>` is two. */
  list(id: HeaderId): string[] {
    const elements: string[] = [];
    for (let line = this.find(id); line >= 0; line = this.find(id, line + 1))
      for (const element of splitList(this.valueOf(line))) elements.push(element);
    return elements;
  }

  count(id: HeaderId): number {
    let count = 0;
    for (let line = this.find(id); line >= 0; line = this.find(id, line + 1)) count++;
    return count;
  }

  get callId(): string {
    return this.value(Header.callId) ?? '';
  }

  /** The topmost Via value, undefined when there is none that can be read. */
  get via(): Via | undefined {
    if (this.#via === null) {
      const line = this.find(Header.via);
      this.#via =
        line < 0 ? undefined : parseVia(this.wire, this.valueStart(line), this.lineEnd(line));
    }
    return this.#via;
  }

  /** The Request-URI taken apart, undefined when it is none of ours (another scheme) or broken. */
  get uri(): SipUri | undefined {
    if (this.#uri === null) this.#uri = parseUri(this.requestUri);
    return this.#uri;
  }

  /** CSeq's number, or -1 when there is none that can be read or it is out of range (RFC 3261 §8.1.1.5). */
  get cseq(): number {
    if (this.#cseq === NOT_READ) this.#readCSeq();
    return this.#cseq;
  }
  get cseqMethod(): string {
    if (this.#cseq === NOT_READ) this.#readCSeq();
    return this.#cseqMethod;
  }
  #readCSeq(): void {
    this.#cseq = -1;
    const line = this.find(Header.cseq);
    if (line < 0) return;
    const { wire } = this;
    const end = this.lineEnd(line);
    const start = this.valueStart(line);
    const blank = skip(wire, start, end, Kind.token);
    const method = skip(wire, blank, end, Kind.blank);
    const methodEnd = skip(wire, method, end, Kind.token);
    if (method === blank || method === methodEnd) return;
    if (skip(wire, methodEnd, end, Kind.blank) !== end) return;
    this.#cseq = readNumber(wire, start, blank);
    this.#cseqMethod = methodAt(wire, method, methodEnd);
  }

  get fromTag(): string {
    this.#fromTag ??= tagOf(this.value(Header.from));
    return this.#fromTag;
  }
  get toTag(): string {
    this.#toTag ??= tagOf(this.value(Header.to));
    return this.#toTag;
  }

  get body(): string {
    return this.wire.slice(this.bodyStart, this.bodyEnd);
  }
}

/** What the reader found; see `readMessage`. */
export interface MessageFacts {
  readonly wire: string;
  readonly isRequest: boolean;
  readonly method: string;
  readonly requestUri: string;
  readonly requestUriStart: number;
  readonly status: number;
  readonly reason: string;
  readonly version: string;
  readonly startLineEnd: number;
  readonly headEnd: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  readonly flaw: Flaw | undefined;
  readonly lines: number[];
}

/** The tag parameter of a From or To value, or the empty string. Not fooled by one inside quotes or the URI. */
export function tagOf(value: string | undefined): string {
  if (value === undefined) return '';
  const from = parametersFrom(value);
  return from < 0 ? '' : (parameterAt(value, from, 'tag') ?? '');
}
