import type { EventSettings } from '../../config/settings.ts';
import type { GateEvent } from '../../data/event.ts';
import { reasonOf } from '../data-directory.ts';
import type { Logger } from '../log.ts';
import { EventsDatabase } from './events-database.ts';
import { EventsFile } from './events-file.ts';

export interface EventLogPlaces {
  readonly database: string;
  readonly file: string;
}

const PRUNE_EVERY_MS = 60_000;
const DAY_MS = 86_400_000;

/** Writes events down as they come. What fails here is said once, counted, and tried again with the next. */
export class EventLog {
  readonly #log: Logger;
  readonly #places: EventLogPlaces;
  #settings: EventSettings;
  #database: EventsDatabase | undefined;
  #file: EventsFile | undefined;
  #failing = false;
  readonly #pruning: NodeJS.Timeout;
  /** Events that are on no disk. */
  lost = 0;

  constructor(places: EventLogPlaces, settings: EventSettings, log: Logger) {
    this.#places = places;
    this.#settings = settings;
    this.#log = log;
    this.#open();
    this.#pruning = setInterval(() => this.#prune(), PRUNE_EVERY_MS).unref();
  }

  follow(settings: EventSettings): void {
    this.#settings = settings;
    this.#file = this.#fileWanted();
  }

  add(events: readonly GateEvent[], lostBefore = 0): void {
    this.lost += lostBefore;
    if (events.length === 0) return;
    try {
      if (this.#database === undefined) this.#open();
      this.#database?.write(events);
      this.#file?.write(events);
      if (this.#failing) this.#log.info('events are written to disk again');
      this.#failing = false;
    } catch (error) {
      for (const { count } of events) this.lost += count;
      if (!this.#failing)
        this.#log.error({ why: reasonOf(error) }, 'events cannot be written to disk; serving on');
      this.#failing = true;
    }
  }

  close(): void {
    clearInterval(this.#pruning);
    this.#database?.close();
  }

  #open(): void {
    try {
      const { database, movedTo } = EventsDatabase.open(this.#places.database);
      this.#database = database;
      if (movedTo !== undefined)
        this.#log.error(
          { movedTo },
          'the events database is damaged: moved aside, and a new one begun',
        );
      this.#file = this.#fileWanted();
    } catch (error) {
      if (!this.#failing)
        this.#log.error({ why: reasonOf(error) }, 'events cannot be written to disk; serving on');
      this.#failing = true;
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
