import { readFileSync, statSync } from 'node:fs';
import { reasonOf } from '../../config/reason-of.ts';
import type { ListSettings } from '../../config/settings.ts';
import { CannotRead, type ListFailure } from './cannot-read.ts';
import { type FetchedText, fetchText } from './fetch-text.ts';
import { type KeptList, readKept, writeKept } from './kept-list.ts';
import { feedStatus, readFeed } from './read-feed.ts';
import { readEntries, readLines } from './read-lines.ts';

export interface ListObserver {
  /** It names others than before. */
  changed(list: List, added: number, removed: number): void;
  /** It could not be read, for the first time since it could. */
  failing(list: List, why: CannotRead): void;
  recovered(list: List): void;
  /** It was not read for so long that it counts no more. */
  dropped(list: List, networks: number): void;
  notKept(list: List, why: string): void;
}

export interface Failing {
  readonly kind: ListFailure;
  readonly text: string;
  readonly since: number;
  readonly times: number;
}

const FIRST_RETRY_MS = 30_000;
const LONGEST_RETRY_MS = 3_600_000;
const LOOK_AT_FILE_MS = 400;
const EXPIRE_EVERY_MS = 60_000;
const DAY_MS = 86_400_000;

/** One list: read when it is time or when its file changes, kept on disk, and let go when it is too old. */
export class List {
  readonly settings: ListSettings;
  readonly #file: string;
  readonly #observer: ListObserver;
  readonly #closing = new AbortController();
  #networks: ReadonlyMap<string, number> = new Map();
  #notices: readonly string[] = [];
  #conditions: Pick<KeptList, 'etag' | 'lastModified' | 'cursor'> = {};
  #readAt: number | undefined;
  #changedAt: number | undefined;
  #nextAt: number | undefined;
  #failing: Failing | undefined;
  #reading: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #expiring: NodeJS.Timeout | undefined;
  /** Of the file as it was read last, and as it was at the last look. */
  #seen = '';
  #looked = '';
  /** By kind, since the start. */
  readonly failures = new Map<ListFailure, number>();

  constructor(settings: ListSettings, file: string, observer: ListObserver) {
    this.settings = settings;
    this.#file = file;
    this.#observer = observer;
    const kept = readKept(file, sourceOf(settings));
    if (kept === undefined) return;
    const { networks, notices, readAt, changedAt, ...rest } = kept;
    this.#networks = new Map(networks);
    this.#notices = notices;
    this.#readAt = readAt;
    this.#changedAt = changedAt;
    const { etag, lastModified, cursor } = rest;
    this.#conditions = defined({ etag, lastModified, cursor });
    this.#expire();
  }

  get name(): string {
    return this.settings.name;
  }
  /** What it names, and when that was said last. */
  get networks(): ReadonlyMap<string, number> {
    return this.#networks;
  }
  get notices(): readonly string[] {
    return this.#notices;
  }
  /** When it was read, or found to be as it was. */
  get readAt(): number | undefined {
    return this.#readAt;
  }
  get changedAt(): number | undefined {
    return this.#changedAt;
  }
  /** When it will be fetched; undefined for a file, which is read when it changes. */
  get nextAt(): number | undefined {
    return this.#nextAt;
  }
  get failing(): Failing | undefined {
    return this.#failing;
  }
  get reading(): boolean {
    return this.#reading !== undefined;
  }

  /** A list that was read a moment ago, before a restart, is not read again at once. */
  start(): void {
    this.#expiring = setInterval(() => this.#expire(), EXPIRE_EVERY_MS).unref();
    const { from, everySeconds } = this.settings;
    if ('file' in from) {
      this.#timer = setInterval(() => this.#look(from.file), LOOK_AT_FILE_MS).unref();
      void this.refresh();
      return;
    }
    const due = (this.#readAt ?? 0) + spread(everySeconds * 1000);
    this.#schedule(Math.max(0, Math.min(due - Date.now(), everySeconds * 1000)));
  }

  /** Reads it now; whoever asks while it is being read waits for that. Never rejects. */
  refresh(): Promise<void> {
    this.#reading ??= this.#refresh().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Nothing is read any more, and nothing told. */
  close(): void {
    this.#closing.abort();
    clearTimeout(this.#timer);
    clearInterval(this.#expiring);
  }

  async #refresh(): Promise<void> {
    let failure: CannotRead | undefined;
    try {
      failure = await this.#read();
    } catch (error) {
      failure = error instanceof CannotRead ? error : new CannotRead('content', reasonOf(error));
    }
    if (this.#closing.signal.aborted) return;
    if (failure === undefined) this.#succeeded();
    else this.#failed(failure);
    if ('url' in this.settings.from) this.#schedule(this.#pause(failure));
    await this.#keep();
  }

  /** What failed, when something was read all the same. */
  #read(): Promise<CannotRead | undefined> {
    const { from, format } = this.settings;
    if ('file' in from) return this.#readFile(from.file);
    return format === 'apiban' ? this.#readFeed(from.url) : this.#readUrl(from.url);
  }

  async #readFile(file: string): Promise<undefined> {
    const { mostMegabytes, mostEntries } = this.settings;
    this.#seen = stateOf(file);
    let text: string;
    try {
      if (statSync(file).size > mostMegabytes * 1_000_000)
        throw new CannotRead('too-large', `more than ${mostMegabytes} MB`);
      text = readFileSync(file, 'utf8');
    } catch (error) {
      throw error instanceof CannotRead ? error : new CannotRead('file', reasonOf(error));
    }
    const { networks, notices } = await readLines(text, mostEntries);
    this.#take(all(networks), notices, {});
  }

  async #readUrl(url: string): Promise<undefined> {
    const fetched = await this.#get(url, this.#conditions, []);
    if (fetched.same) return;
    const { networks, notices } = await readLines(fetched.text, this.settings.mostEntries);
    const { etag, lastModified } = fetched;
    this.#take(all(networks), notices, defined({ etag, lastModified }));
  }

  async #readFeed(url: string): Promise<CannotRead | undefined> {
    const { mostEntries } = this.settings;
    const { entries, cursor, failure } = await readFeed(
      url,
      this.#conditions.cursor,
      mostEntries,
      (page) => this.#get(page, {}, feedStatus),
    );
    const { networks, notices } = await readEntries(entries, mostEntries);
    const now = Date.now();
    const named = new Map(this.#networks);
    for (const network of networks) {
      named.delete(network);
      named.set(network, now);
    }
    // those named longest ago go first
    for (const network of named.keys()) {
      if (named.size <= mostEntries) break;
      named.delete(network);
    }
    this.#take(named, notices, defined({ cursor }));
    return failure;
  }

  #get(
    url: string,
    conditions: Pick<KeptList, 'etag' | 'lastModified'>,
    alsoStatus: readonly number[],
  ): Promise<FetchedText> {
    const { key, timeoutSeconds, mostMegabytes } = this.settings;
    return fetchText(url.replaceAll('{key}', key ?? ''), {
      ...conditions,
      alsoStatus,
      timeoutMs: timeoutSeconds * 1000,
      mostBytes: mostMegabytes * 1_000_000,
      secret: key !== undefined,
      signal: this.#closing.signal,
    });
  }

  #take(
    networks: ReadonlyMap<string, number>,
    notices: readonly string[],
    conditions: Pick<KeptList, 'etag' | 'lastModified' | 'cursor'>,
  ): void {
    if (this.#closing.signal.aborted) return;
    const before = this.#networks;
    this.#networks = networks;
    this.#notices = notices;
    this.#conditions = conditions;
    const added = countMissing(networks, before);
    const removed = countMissing(before, networks);
    this.#changedAt ??= Date.now();
    if (added + removed === 0) return;
    this.#changedAt = Date.now();
    this.#observer.changed(this, added, removed);
  }

  #succeeded(): void {
    this.#readAt = Date.now();
    if (this.#failing === undefined) return;
    this.#failing = undefined;
    this.#observer.recovered(this);
  }

  #failed(why: CannotRead): void {
    const { kind, message: text } = why;
    this.failures.set(kind, (this.failures.get(kind) ?? 0) + 1);
    const before = this.#failing;
    this.#failing = {
      ...{ kind, text },
      since: before?.since ?? Date.now(),
      times: (before?.times ?? 0) + 1,
    };
    if (before?.kind !== kind) this.#observer.failing(this, why);
  }

  /** Some later than others, so that not everybody asks on the hour. */
  #pause(failure: CannotRead | undefined): number {
    const every = this.settings.everySeconds * 1000;
    if (failure === undefined) return spread(every);
    const times = (this.#failing?.times ?? 1) - 1;
    const most = Math.max(every, LONGEST_RETRY_MS);
    const backOff = Math.min(most, Math.min(every, FIRST_RETRY_MS) * 2 ** Math.min(times, 20));
    return Math.max(spread(backOff), failure.retryAfterMs ?? 0);
  }

  #schedule(inMs: number): void {
    clearTimeout(this.#timer);
    this.#nextAt = Date.now() + inMs;
    this.#timer = setTimeout(() => void this.refresh(), inMs).unref();
  }

  /** A file is read once it has stayed as it is for one look: it may be written in several steps. */
  #look(file: string): void {
    const now = stateOf(file);
    const settled = now === this.#looked;
    this.#looked = now;
    if (this.reading || !settled) return;
    if (now !== this.#seen) void this.refresh();
    else if (this.#failing === undefined) this.#readAt = Date.now();
  }

  #expire(): void {
    const { dropAfterDays, format } = this.settings;
    const oldest = Date.now() - dropAfterDays * DAY_MS;
    if (this.#networks.size === 0) return;
    if (format !== 'apiban') {
      if (this.#readAt === undefined || this.#readAt > oldest) return;
      const networks = this.#networks.size;
      this.#networks = new Map();
      this.#conditions = {};
      this.#observer.dropped(this, networks);
      return;
    }
    const left = new Map([...this.#networks].filter(([, namedAt]) => namedAt > oldest));
    const removed = this.#networks.size - left.size;
    if (removed === 0) return;
    this.#networks = left;
    this.#observer.changed(this, 0, removed);
  }

  async #keep(): Promise<void> {
    if (this.#readAt === undefined || this.#changedAt === undefined) return;
    try {
      await writeKept(this.#file, {
        version: 1,
        source: sourceOf(this.settings),
        readAt: this.#readAt,
        changedAt: this.#changedAt,
        ...this.#conditions,
        notices: [...this.#notices],
        networks: [...this.#networks],
      });
    } catch (error) {
      this.#observer.notKept(this, reasonOf(error));
    }
  }
}

/** What was read from elsewhere, or otherwise, is another list. */
const sourceOf = ({ from, format }: ListSettings): string => JSON.stringify({ from, format });

const all = (networks: ReadonlySet<string>): ReadonlyMap<string, number> => {
  const now = Date.now();
  return new Map([...networks].map((network) => [network, now]));
};

function countMissing(
  of: ReadonlyMap<string, number>,
  inside: ReadonlyMap<string, number>,
): number {
  let missing = 0;
  for (const network of of.keys()) if (!inside.has(network)) missing++;
  return missing;
}

/** Up to a tenth more or less. */
const spread = (ms: number): number => ms * (0.9 + Math.random() * 0.2);

function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function stateOf(path: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    return reasonOf(error);
  }
}
