import { appendFileSync, renameSync, statSync, truncateSync } from 'node:fs';
import type { WrittenEvent } from '../../data/written-event.ts';

/** One JSON object a line, for whatever collects logs. At its limit it becomes `….1`, and a new one begins. */
export class EventsFile {
  readonly #path: string;
  readonly #mostBytes: number;
  #bytes: number;

  constructor(path: string, mostBytes: number) {
    this.#path = path;
    this.#mostBytes = mostBytes;
    this.#bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }

  write(events: readonly WrittenEvent[]): void {
    let text = '';
    for (const { json } of events) text += `${json}\n`;
    if (this.#bytes > 0 && this.#bytes + text.length > this.#mostBytes) {
      renameSync(this.#path, `${this.#path}.1`);
      this.#bytes = 0;
    }
    try {
      appendFileSync(this.#path, text, { mode: 0o600 });
    } catch (error) {
      this.#takeBack();
      throw error;
    }
    this.#bytes += Buffer.byteLength(text);
  }

  /** On a full disk a part of it is there: half a line, and the next event would go on in it. */
  #takeBack(): void {
    const size = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    if (size > this.#bytes) truncateSync(this.#path, this.#bytes);
  }
}
