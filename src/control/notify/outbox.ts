import { existsSync } from 'node:fs';
import { reasonOf } from '../../config/reason-of.ts';
import type { Logger } from '../log.ts';
import { type Held, NotificationsDatabase } from './notifications-database.ts';

const TRY_AGAIN_MS = 5000;

/**
 * The messages on their way, in memory and on disk. What cannot be written stays in memory, and is written when it can
 * be: said once. What cannot be read comes in when it can be.
 */
export class Outbox {
  readonly #file: string;
  readonly #log: Logger;
  readonly #held = new Map<string, Map<number, Held>>();
  /** Those that more may come to. */
  readonly #open = new Map<string, Held>();
  readonly #changed = new Map<number, string>();
  #database: NotificationsDatabase | undefined;
  #failedAt: number | undefined;
  #last = 0;
  /** The file of an earlier process could not be read yet. */
  #unread: boolean;
  #contacts: readonly string[] | undefined;
  /** Failed writes since the start. */
  errors = 0;

  constructor(file: string, log: Logger) {
    this.#file = file;
    this.#log = log;
    // where nobody is told there is no such file
    this.#unread = existsSync(file);
    if (this.#unread) this.#try(() => this.#opened());
    // beyond all that may be there: what is begun now must not take the place of what could not be read
    if (this.#unread) this.#last = Date.now();
  }

  /** What waits for others is forgotten. */
  keepOnly(contacts: readonly string[]): void {
    this.#contacts = contacts;
    for (const [name, held] of [...this.#held])
      if (!contacts.includes(name)) for (const one of [...held.values()]) this.remove(one);
  }

  /** Those of a contact, the oldest first. */
  of(contact: string): readonly Held[] {
    return [...(this.#held.get(contact)?.values() ?? [])].sort((one, other) => one.id - other.id);
  }

  /** What alerts, or all else, is being gathered in. */
  open(contact: string, urgent: boolean): Held | undefined {
    return this.#open.get(`${contact} ${urgent}`);
  }

  nextId(): number {
    return ++this.#last;
  }

  put(held: Held): void {
    this.#keep(held);
    this.#changed.set(held.id, held.contact);
  }

  remove({ id, contact, urgent }: Held): void {
    const some = this.#held.get(contact);
    some?.delete(id);
    if (some?.size === 0) this.#held.delete(contact);
    if (this.open(contact, urgent)?.id === id) this.#open.delete(`${contact} ${urgent}`);
    this.#changed.set(id, contact);
  }

  /** What changed goes to disk. */
  flush(): void {
    if (this.#changed.size === 0 && !this.#unread) return;
    if (this.#failedAt !== undefined && performance.now() - this.#failedAt < TRY_AGAIN_MS) return;
    this.#try(() => {
      const database = this.#database ?? this.#opened();
      const changed = [...this.#changed].map(
        ([id, contact]) => [id, this.#held.get(contact)?.get(id)] as const,
      );
      database.write(
        changed.flatMap(([, held]) => held ?? []),
        changed.flatMap(([id, held]) => (held === undefined ? id : [])),
      );
      this.#changed.clear();
      if (this.#failedAt === undefined) return;
      this.#failedAt = undefined;
      this.#log.info('notifications are kept on disk again');
    });
  }

  close(): void {
    this.#failedAt = undefined;
    this.flush();
    this.#database?.close();
  }

  #keep(held: Held): void {
    const { id, contact, urgent, closedAt } = held;
    const some = this.#held.get(contact) ?? new Map<number, Held>();
    this.#held.set(contact, some.set(id, held));
    const place = `${contact} ${urgent}`;
    if (closedAt === undefined) this.#open.set(place, held);
    else if (this.#open.get(place)?.id === id) this.#open.delete(place);
  }

  /** What is there comes in. */
  #opened(): NotificationsDatabase {
    const { database, found, aside } = NotificationsDatabase.open(this.#file);
    this.#database = database;
    this.#unread = false;
    for (const held of found) {
      this.#keep(held);
      this.#last = Math.max(this.#last, held.id);
    }
    if (this.#contacts !== undefined) this.keepOnly(this.#contacts);
    if (aside !== undefined) {
      const { is, ...where } = aside;
      this.#log.error(
        where,
        `the notifications database is ${is}: moved aside, and a new one begun`,
      );
    }
    return database;
  }

  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.errors++;
      if (this.#failedAt === undefined)
        this.#log.error(
          { why: reasonOf(error) },
          'notifications cannot be kept on disk; they are sent from memory',
        );
      this.#failedAt = performance.now();
    }
  }
}
