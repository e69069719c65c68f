import { Header, type HeaderId } from './header-name.ts';
import type { Message } from './message.ts';

/** Replaces every header of that name by one with this value, in place; appends it if absent; removes it if undefined. */
export interface HeaderChange {
  readonly name: string;
  readonly value: string | undefined;
}

/**
 * Splices on a received message. Collected in any order, applied once: everything between them is the
 * original, byte for byte. Two splices never overlap, but within a line that one removes another changes nothing;
 * insertions at one place keep the order they came in.
 */
export class Rewrite {
  readonly #message: Message;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #texts: string[] = [];

  constructor(message: Message) {
    this.#message = message;
  }

  replace(start: number, end: number, text: string): void {
    let at = this.#starts.length;
    while (at > 0 && (this.#starts[at - 1] ?? 0) > start) at--;
    if (at === this.#starts.length) {
      this.#starts.push(start);
      this.#ends.push(end);
      this.#texts.push(text);
    } else {
      this.#starts.splice(at, 0, start);
      this.#ends.splice(at, 0, end);
      this.#texts.splice(at, 0, text);
    }
  }

  insert(at: number, text: string): void {
    this.replace(at, at, text);
  }

  /** Removes a whole header line. */
  removeLine(line: number): void {
    const message = this.#message;
    this.replace(message.lineStart(line), message.lineEnd(line) + 2, '');
  }

  removeAll(id: HeaderId): void {
    const message = this.#message;
    for (let line = message.find(id); line >= 0; line = message.find(id, line + 1))
      this.removeLine(line);
  }

  /** A new header as the last one. The value is ours or was checked: no CR or LF may come from outside. */
  append(name: string, value: string): void {
    this.insert(this.#message.headEnd, `${name}: ${oneLine(value)}\r\n`);
  }

  /** One header with this value in place of all with that name; removes them all when `value` is undefined. */
  setHeader(name: string, value: string | undefined): void {
    const message = this.#message;
    let line = message.findNamed(name);
    if (line < 0) {
      if (value !== undefined) this.append(name, value);
      return;
    }
    if (value === undefined) this.removeLine(line);
    else this.replace(message.valueStart(line), message.lineEnd(line), oneLine(value));
    for (
      line = message.findNamed(name, line + 1);
      line >= 0;
      line = message.findNamed(name, line + 1)
    )
      this.removeLine(line);
  }

  setRequestUri(uri: string): void {
    const message = this.#message;
    const start = message.requestUriStart;
    this.replace(start, start + message.requestUri.length, oneLine(uri));
  }

  /** The message as it goes out, cut where its Content-Length says that it ends. */
  result(): string {
    const { wire, bodyEnd } = this.#message;
    let out = '';
    let from = 0;
    for (let at = 0; at < this.#starts.length; at++) {
      if ((this.#starts[at] ?? 0) < from) continue;
      out += wire.slice(from, this.#starts[at]) + this.#texts[at];
      from = this.#ends[at] ?? from;
    }
    return out + wire.slice(from, bodyEnd);
  }
}

/** What we write into a header never starts another one: a CR or LF that came from outside becomes a blank. */
export const oneLine = (value: string): string =>
  value.includes('\r') || value.includes('\n') || value.includes('\0')
    ? value.replace(/[\r\n\0]+/g, ' ')
    : value;

/** Applies Content-Length where a stream needs one and the message (from UDP) brought none. */
export function ensureContentLength(message: Message, rewrite: Rewrite): void {
  if (message.find(Header.contentLength) < 0)
    rewrite.append('Content-Length', String(message.bodyEnd - message.bodyStart));
}
