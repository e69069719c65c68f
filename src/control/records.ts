import { hostname } from 'node:os';
import type { Settings } from '../config/settings.ts';
import type { GateEvent } from '../data/event.ts';
import type { Kept } from '../data/messages.ts';
import { type WrittenEvent, written } from '../data/written-event.ts';
import type { DataDirectory } from './data-directory.ts';
import { EventLog } from './events/event-log.ts';
import type { Logger } from './log.ts';
import { Notifications } from './notify/notifications.ts';
import { openStore, type Store } from './store/store.ts';
import { type DataDirectoryWatch, watchDataDirectory } from './watch-data-directory.ts';
import { ExceptionWatch } from './watch-exceptions.ts';

export interface RecordsOptions {
  readonly directory: DataDirectory;
  readonly settings: Settings;
  /** The batch needs no more attention. */
  readonly stored: (kept: Kept, batch: number) => void;
  /** Closes what is one process's alone. */
  readonly held: AsyncDisposableStack;
  /** Closes what lasts as long as there are calls. */
  readonly undo: AsyncDisposableStack;
  readonly log: Logger;
}

/** What is kept of all that happens: on disk, and with those who are told. */
export class Records {
  readonly store: Store;
  readonly events: EventLog;
  readonly notifications: Notifications;
  readonly exceptions: ExceptionWatch;
  readonly #watch: DataDirectoryWatch;
  readonly record = (event: GateEvent): void => this.recordAll([written(event)]);

  constructor({ directory, settings, stored, held, undo, log }: RecordsOptions) {
    this.store = openStore(directory.database, log, stored);
    held.defer(() => this.store.close());
    this.#watch = watchDataDirectory(directory, {
      gone: () =>
        log.error(
          `${directory.database} was removed or replaced: registrations since then are lost at the next ` +
            'start, and status finds no socket; put the data directory back, or restart the gate',
        ),
      back: () => log.info(`${directory.database} is there again`),
    });
    held.defer(() => this.#watch.close());
    this.events = new EventLog(
      { database: directory.events, file: directory.eventsFile },
      settings,
      log,
    );
    undo.defer(() => this.events.close());
    this.notifications = new Notifications({
      settings,
      file: directory.notifications,
      gate: settings.cluster.node.name || hostname(),
      record: this.record,
      log,
    });
    held.defer(() => this.notifications.close());
    this.exceptions = new ExceptionWatch(settings.policy, this.record);
    held.defer(() => this.exceptions.close());
  }

  recordAll(events: readonly WrittenEvent[], lostBefore = 0): void {
    this.events.add(events, lostBefore);
    this.notifications.take(events);
  }

  /** How often something could not be written since the start. */
  get errors(): number {
    return this.store.errors() + this.#watch.losses + this.notifications.errors;
  }

  follow(settings: Settings): void {
    this.events.follow(settings);
    this.notifications.follow(settings);
    this.exceptions.follow(settings.policy);
  }
}
