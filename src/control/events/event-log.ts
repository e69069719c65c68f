import { reasonOf } from '../../config/reason-of.ts';
import type { EventSettings, Settings } from '../../config/settings.ts';
import type { WrittenEvent } from '../../data/written-event.ts';
import type { PolicySettings } from '../../policy/policy-settings.ts';
import { isInShadow, ruleModes } from '../../policy/rule-modes.ts';
import type { Logger } from '../log.ts';
import { EventsDatabase, type ShadowTotal } from './events-database.ts';
import { EventsFile } from './events-file.ts';

export interface EventLogPlaces {
  readonly database: string;
  readonly file: string;
}

const PRUNE_EVERY_MS = 60_000;
/** Events come a few at a time; written down together they cost less, and nobody looks at them sooner. */
const COLLECT_MS = 400;
const MOST_COLLECTED = 1000;
const DAY_MS = 86_400_000;

/** Writes events down as they come. What fails here is said once, counted, and tried again with the next. */
export class EventLog {
  readonly #log: Logger;
  readonly #places: EventLogPlaces;
  #settings: EventSettings;
  #shadowed: readonly string[];
  #database: EventsDatabase | undefined;
  #file: EventsFile | undefined;
  #failing = false;
  readonly #pruning: NodeJS.Timeout;
  #collected: WrittenEvent[] = [];
  #collecting: NodeJS.Timeout | undefined;
  /** Events that are on no disk. */
  lost = 0;

  constructor(
    places: EventLogPlaces,
    { events, policy }: Pick<Settings, 'events' | 'policy'>,
    log: Logger,
  ) {
    this.#places = places;
    this.#settings = events;
    this.#shadowed = shadowedIn(policy);
    this.#log = log;
    this.#try(() => this.#opened());
    this.#pruning = setInterval(() => this.#prune(), PRUNE_EVERY_MS).unref();
  }

  follow({ events, policy }: Pick<Settings, 'events' | 'policy'>): void {
    this.#write();
    this.#settings = events;
    this.#shadowed = shadowedIn(policy);
    const database = this.#database;
    if (database !== undefined) this.#try(() => this.#settled(database));
  }

  /** Of every rule that is in shadow for anybody. */
  get shadows(): readonly ShadowTotal[] {
    this.#write();
    return this.#try(() => this.#database?.shadowTotals()) ?? [];
  }

  add(events: readonly WrittenEvent[], lostBefore = 0): void {
    this.lost += lostBefore;
    for (const event of events) this.#collected.push(event);
    if (this.#collected.length >= MOST_COLLECTED) this.#write();
    else if (this.#collected.length > 0)
      this.#collecting ??= setTimeout(() => this.#write(), COLLECT_MS).unref();
  }

  #write(): void {
    clearTimeout(this.#collecting);
    this.#collecting = undefined;
    const events = this.#collected;
    if (events.length === 0) return;
    this.#collected = [];
    const written = this.#try(() => {
      const database = this.#database ?? this.#opened();
      database.write(events);
      this.#file?.write(events);
      return true;
    });
    if (written !== true) for (const { count } of events) this.lost += count;
    else if (this.#failing) {
      this.#log.info('events are written to disk again');
      this.#failing = false;
    }
  }

  close(): void {
    this.#write();
    clearInterval(this.#pruning);
    this.#database?.close();
  }

  #opened(): EventsDatabase {
    const { database, aside } = EventsDatabase.open(this.#places.database);
    if (aside !== undefined) {
      const { is, ...where } = aside;
      this.#log.error(where, `the events database is ${is}: moved aside, and a new one begun`);
    }
    return this.#settled(database);
  }

  /** Kept only when all is as the settings want it: otherwise the next write would take it for ready, and skip the rest. */
  #settled(database: EventsDatabase): EventsDatabase {
    this.#database = undefined;
    try {
      this.#file = this.#fileWanted();
      database.shadow(this.#shadowed, Date.now());
    } catch (error) {
      database.close();
      throw error;
    }
    this.#database = database;
    return database;
  }

  /** What fails is said once, until something succeeds again. */
  #try<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!this.#failing)
        this.#log.error({ why: reasonOf(error) }, 'events cannot be written to disk; serving on');
      this.#failing = true;
      return undefined;
    }
  }

  #fileWanted(): EventsFile | undefined {
    const { fileMegabytes } = this.#settings;
    return fileMegabytes === 0
      ? undefined
      : new EventsFile(this.#places.file, fileMegabytes * 1_000_000);
  }

  #prune(): void {
    const { keepDays, mostRows } = this.#settings;
    try {
      const more = this.#database?.prune(Date.now() - keepDays * DAY_MS, mostRows);
      if (more === true) setImmediate(() => this.#prune());
    } catch (error) {
      this.#log.warn({ why: reasonOf(error) }, 'old events stay in the database');
    }
  }
}

const shadowedIn = (policy: PolicySettings): readonly string[] =>
  ruleModes(policy)
    .filter(isInShadow)
    .map(({ name }) => name);
