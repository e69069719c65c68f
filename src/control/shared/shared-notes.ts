import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Note } from '../../edge/other-nodes.ts';
import { LONGEST_GUARDED } from '../../limits/guards.ts';
import { failureKinds } from '../../policy/failure-kinds.ts';
import type { RedisClient } from './redis-client.ts';

/** Told while Redis is gone; of more the oldest are not told. */
const MOST_WAITING = 20_000;
/** So much goes into an entry. */
const ENTRY_CHARACTERS = 65_536;
/** Longer keys are no phone's, but of somebody who fills memories. */
const LONGEST_KEY = LONGEST_GUARDED + 64;
/** Each entry moves what is usual by such a part of what it differs. */
const USUAL_OF = 32;
const ENTRIES_AT_ONCE = 100;

/** Nobody asks for what is older. */
const KEPT_MS = 86_400_000;

const text = z.string();
const at = z.number();
const note = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('failed'),
    extension: text,
    source: text,
    failure: z.enum(failureKinds),
    at,
  }),
  z.object({ kind: z.literal('pin-failed'), key: text, at }),
  z.object({ kind: z.literal('succeeded'), extension: text, source: text, at }),
  z.object({ kind: z.literal('call'), keys: z.array(text), at }),
]);
const notes = z.array(note);
const entries = z.array(z.tuple([z.string(), z.array(z.string())]));

/** What a stream may take; strangers bring about as much as they like. */
interface Room {
  readonly entries: number;
  readonly bytes: number;
}

/**
 * What counts on all nodes, in a stream of Redis: each node tells what happened to it, and counts what it hears of the
 * others. One that starts hears what is still there, of its own past too.
 */
export class SharedNotes {
  readonly #redis: RedisClient;
  readonly #stream: string;
  readonly #most: Room;
  /** Of this process: what it told it has counted. */
  readonly #author = randomBytes(6).toString('hex');
  #waiting: Note[] = [];
  /** Under way: it keeps its name when it has to be told again. */
  #batch: { readonly name: string; readonly text: string } | undefined;
  #told = 0;
  /** How long an entry is, of late. */
  #usual = 0;
  readonly #heard = new LRUCache<string, number>({ max: 1000 });
  #last = '0-0';

  /** The stream keeps so many entries; each has what happened within a tenth of a second, or longer. */
  constructor(redis: RedisClient, prefix: string, name: string, most: Room) {
    this.#redis = redis;
    this.#stream = `${prefix}:{${name}}`;
    this.#most = most;
  }

  add(more: readonly Note[]): void {
    this.#waiting.push(...more);
    if (this.#waiting.length > MOST_WAITING) this.#waiting = this.#waiting.slice(-MOST_WAITING);
  }

  /**
   * Redis has lost what it knew: the names that it gives from now on may be lower than those it gave before. What was
   * heard is known by its author.
   */
  hearAgain(): void {
    this.#last = '0-0';
  }

  async exchange(told: (notes: readonly Note[]) => void): Promise<void> {
    await this.#tell();
    for (;;) {
      const range = [this.#stream, `(${this.#last}`, '+', 'COUNT', ENTRIES_AT_ONCE] as const;
      const found = entries.parse(await this.#redis.call('XRANGE', ...range));
      const since = Date.now() - KEPT_MS;
      const heard = found
        .flatMap(([, [batch = '', what = '']]) => (this.#isNews(batch) ? notesIn(what) : []))
        .filter((one) => one.at > since);
      if (heard.length > 0) told(heard);
      this.#last = found.at(-1)?.[0] ?? this.#last;
      if (found.length < ENTRIES_AT_ONCE) return;
    }
  }

  async #tell(): Promise<void> {
    while (this.#batch !== undefined || this.#waiting.length > 0) {
      if (this.#batch === undefined) {
        const text = this.#next();
        this.#told++;
        this.#batch = { name: `${this.#author}:${this.#told}`, text };
        this.#usual += (text.length - this.#usual) / USUAL_OF;
      }
      const { name, text } = this.#batch;
      const { entries, bytes } = this.#most;
      const kept = ['MAXLEN', '~', Math.min(entries, Math.ceil(bytes / this.#usual)), '*'] as const;
      await this.#redis.call('XADD', this.#stream, ...kept, name, text);
      this.#batch = undefined;
    }
  }

  /** As many of those that wait as fit into an entry. */
  #next(): string {
    const texts: string[] = [];
    let taken = 0;
    for (let length = 0; taken < this.#waiting.length && length < ENTRY_CHARACTERS; taken++) {
      const note = shortened(this.#waiting[taken]);
      if (note === undefined) continue;
      const text = JSON.stringify(note);
      texts.push(text);
      length += text.length;
    }
    this.#waiting.splice(0, taken);
    return `[${texts.join()}]`;
  }

  /** Not our own, and not heard before: whoever had no answer from Redis tells the same again. */
  #isNews(batch: string): boolean {
    const [author = '', number] = batch.split(':');
    if (author === this.#author || Number(number) <= (this.#heard.get(author) ?? 0)) return false;
    this.#heard.set(author, Number(number));
    return true;
  }
}

/** Without what is too long to be anybody's; all else that it counts under still does. */
function shortened(note: Note | undefined): Note | undefined {
  switch (note?.kind) {
    case 'failed':
    case 'succeeded': {
      const { extension } = note;
      if (extension.length <= LONGEST_GUARDED) return note;
      return { ...note, extension: extension.slice(0, LONGEST_GUARDED) };
    }
    case 'call':
      if (note.keys.every(isKey)) return note;
      return { ...note, keys: note.keys.filter(isKey) };
    case 'pin-failed':
      return isKey(note.key) ? note : undefined;
    case undefined:
      return undefined;
  }
}

const isKey = (key: string): boolean => key.length <= LONGEST_KEY;

/** Those that this version can read. */
function notesIn(what: string): readonly Note[] {
  try {
    return notes.parse(JSON.parse(what));
  } catch {
    return [];
  }
}
