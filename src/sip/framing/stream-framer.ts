import { bodyLength } from './content-length.ts';

/** Why bytes on a stream can never become a message. */
export type Unframeable =
  | 'content-length'
  | 'content-length-missing'
  | 'head-too-large'
  | 'body-too-large'
  | 'not-sip';

/** Who is told what was found in the stream. */
export interface FrameSink {
  /** One whole message. */
  framed(wire: string): void;
  /** A double CRLF between messages: a keep-alive that wants a CRLF back (RFC 5626 §3.5.1). */
  pinged(): void;
  /** Nothing more can be made of this stream. The head as far as it came. */
  unframeable(head: string, problem: Unframeable): void;
}

const CR = 13;
const LF = 10;
const END_OF_HEAD = '\r\n\r\n';
/** So many small chunks are kept apart before they are made one, so that a byte at a time stays cheap in time and memory. */
const CHUNKS_KEPT_APART = 256;

/**
 * Cuts a byte stream (one character per byte) into SIP messages by Content-Length (RFC 3261 §18.3),
 * however it was split on its way. Holds at most `limit` bytes of an unfinished message.
 */
export class StreamFramer {
  readonly #limit: number;
  readonly #sink: FrameSink;
  /** The unfinished message is `#held` followed by `#recent`, `#size` characters in all. */
  #held = '';
  #recent: string[] = [];
  #size = 0;
  /** The last characters held, in which the end of the head may have begun. */
  #tail = '';
  /** The size of the whole message; 0 until its head is complete. */
  #needed = 0;
  /** How much of a double CRLF has been seen between messages. */
  #lineEnds = 0;
  #broken = false;

  constructor(limit: number, sink: FrameSink) {
    this.#limit = limit;
    this.#sink = sink;
  }

  /** A message has begun and is not complete. */
  get unfinished(): boolean {
    return this.#size > 0;
  }

  /** Takes the next bytes of the stream. After `unframeable` it takes them and does nothing. */
  push(chunk: string): void {
    let at = 0;
    while (at < chunk.length && !this.#broken) {
      if (this.#size === 0) {
        at = this.#skipLineEnds(chunk, at);
        if (at === chunk.length) return;
        if (!isTokenCharacter(chunk.charCodeAt(at))) {
          this.#fail(chunk.slice(at), 'not-sip');
          return;
        }
      }
      at = this.#needed === 0 ? this.#takeHead(chunk, at) : this.#takeBody(chunk, at);
    }
  }

  #skipLineEnds(chunk: string, from: number): number {
    let at = from;
    for (; at < chunk.length; at += 1) {
      const code = chunk.charCodeAt(at);
      if (code !== CR && code !== LF) {
        this.#lineEnds = 0;
        break;
      }
      const expected = this.#lineEnds % 2 === 0 ? CR : LF;
      if (code === expected) this.#lineEnds += 1;
      else this.#lineEnds = code === CR ? 1 : 0;
      if (this.#lineEnds === END_OF_HEAD.length) {
        this.#lineEnds = 0;
        this.#sink.pinged();
      }
    }
    return at;
  }

  #takeHead(chunk: string, at: number): number {
    const end = this.#endOfHead(chunk, at);
    if (end === -1) {
      this.#hold(chunk.slice(at));
      if (this.#size > this.#limit) this.#fail(this.#release(), 'head-too-large');
      return chunk.length;
    }

    const part = chunk.slice(at, end);
    if (this.#size + part.length > this.#limit) {
      this.#hold(part);
      this.#fail(this.#release(), 'head-too-large');
      return chunk.length;
    }
    const head = this.#size === 0 ? part : this.#release() + part;
    const body = looksLikeSip(head) ? bodyLength(head) : 'not-sip';
    if (typeof body !== 'number') {
      this.#fail(head, body);
      return chunk.length;
    }
    const needed = head.length + body;
    if (needed > this.#limit) {
      this.#fail(head, 'body-too-large');
      return chunk.length;
    }

    const missing = needed - head.length;
    if (head.length === part.length && chunk.length - at >= needed) {
      this.#sink.framed(needed === chunk.length ? chunk : chunk.slice(at, at + needed));
      return at + needed;
    }
    if (missing === 0) {
      this.#sink.framed(head);
      return end;
    }
    this.#hold(head);
    this.#needed = needed;
    return end;
  }

  #takeBody(chunk: string, at: number): number {
    const end = Math.min(chunk.length, at + this.#needed - this.#size);
    this.#hold(at === 0 && end === chunk.length ? chunk : chunk.slice(at, end));
    if (this.#size === this.#needed) {
      this.#needed = 0;
      this.#sink.framed(this.#release());
    }
    return end;
  }

  /** Where the head ends in this chunk, its blank line included, or -1. It may have begun in an earlier chunk. */
  #endOfHead(chunk: string, at: number): number {
    if (this.#size > 0) {
      const tail = this.#tail;
      const across = (tail + chunk.slice(at, at + END_OF_HEAD.length - 1)).indexOf(END_OF_HEAD);
      if (across !== -1) return at + across + END_OF_HEAD.length - tail.length;
    }
    const found = chunk.indexOf(END_OF_HEAD, at);
    return found === -1 ? -1 : found + END_OF_HEAD.length;
  }

  #hold(part: string): void {
    this.#recent.push(part);
    this.#size += part.length;
    this.#tail = (this.#tail + part.slice(1 - END_OF_HEAD.length)).slice(1 - END_OF_HEAD.length);
    if (this.#recent.length >= CHUNKS_KEPT_APART) {
      this.#held += this.#recent.join('');
      this.#recent = [];
    }
  }

  #release(): string {
    const whole = this.#held + this.#recent.join('');
    this.#held = '';
    this.#recent = [];
    this.#size = 0;
    this.#tail = '';
    return whole;
  }

  #fail(head: string, problem: Unframeable): void {
    this.#broken = true;
    this.#release();
    this.#sink.unframeable(head.slice(0, this.#limit), problem);
  }
}

/** RFC 3261 §25.1: what a method or `SIP` may be made of. */
function isTokenCharacter(code: number): boolean {
  return code > 32 && code < 127 && !'"(),/:;<=>?@[\\]{}'.includes(String.fromCharCode(code));
}

/** Loose on purpose: an odd version or a stray space deserves an answer, not a lost connection. */
function looksLikeSip(head: string): boolean {
  return /^[^\r]*SIP\//i.test(head);
}
