const HASH = 35;
const ZERO = 48;

/**
 * Cuts what a program sends into frames: `<length>#<payload>`, the length in bytes. Payloads come out with one
 * character per byte (latin1), and hold on to nothing that was received with them.
 */
export class FrameReader {
  /** The largest payload taken; a longer one breaks the stream. */
  mostBytes: number;
  /** Set for good once the stream makes no sense any more. */
  broken: string | undefined;
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  #length = 0;
  #inPayload = false;
  /** A payload that came in pieces, as far as it is here. */
  #partial: Buffer | undefined;
  #filled = 0;

  constructor(mostBytes: number) {
    this.mostBytes = mostBytes;
  }

  push(chunk: Buffer): void {
    this.#chunk = this.#at < this.#chunk.length ? Buffer.concat([this.#rest, chunk]) : chunk;
    this.#at = 0;
  }

  /** The next whole payload, undefined when there is none yet or the stream is broken. */
  next(): string | undefined {
    if (this.broken !== undefined) return undefined;
    if (!this.#inPayload) this.#readLength();
    return this.#inPayload ? this.#readPayload() : undefined;
  }

  get #rest(): Buffer {
    return this.#chunk.subarray(this.#at);
  }

  #readLength(): void {
    while (this.#at < this.#chunk.length) {
      const byte = this.#chunk[this.#at++] ?? 0;
      if (byte === HASH && this.#length > 0) {
        this.#inPayload = true;
        return;
      }
      const digit = byte - ZERO;
      // No frame is empty, and nothing is padded: a zero in front is as wrong as a letter.
      if (digit < 0 || digit > 9 || (digit === 0 && this.#length === 0)) {
        this.#break('what stands before a frame is not its length');
        return;
      }
      this.#length = this.#length * 10 + digit;
      // Seen at the first digit too many, so that a row of digits ends no later than a number too large.
      if (this.#length > this.mostBytes) {
        this.#break(`a frame is longer than ${this.mostBytes} bytes`);
        return;
      }
    }
  }

  #readPayload(): string | undefined {
    const wanted = this.#length - this.#filled;
    const end = this.#at + wanted;
    if (this.#partial === undefined && end <= this.#chunk.length) {
      const payload = this.#chunk.toString('latin1', this.#at, end);
      this.#at = end;
      this.#begin();
      return payload;
    }
    this.#partial ??= Buffer.allocUnsafe(this.#length);
    const copied = this.#chunk.copy(this.#partial, this.#filled, this.#at, end);
    this.#filled += copied;
    this.#at += copied;
    if (this.#filled < this.#length) return undefined;
    const payload = this.#partial.toString('latin1');
    this.#begin();
    return payload;
  }

  #begin(): void {
    this.#length = 0;
    this.#inPayload = false;
    this.#partial = undefined;
    this.#filled = 0;
  }

  #break(why: string): void {
    this.broken = why;
    this.#chunk = Buffer.alloc(0);
    this.#at = 0;
  }
}
