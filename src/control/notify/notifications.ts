import { isDeepStrictEqual } from 'node:util';
import type { Settings } from '../../config/settings.ts';
import type { GateEvent } from '../../data/event.ts';
import { readAgain, type WrittenEvent } from '../../data/written-event.ts';
import { Times } from '../../policy/times.ts';
import type { Logger } from '../log.ts';
import { CannotDeliver } from './cannot-deliver.ts';
import { Contact, type ContactStatus, type Surroundings } from './contact.ts';
import { withEvent } from './group.ts';
import { Outbox } from './outbox.ts';

export interface NotificationsOptions {
  readonly settings: Settings;
  /** Where messages on their way are kept. */
  readonly file: string;
  /** What this gate is called. */
  readonly gate: string;
  readonly record: (event: GateEvent) => void;
  readonly log: Logger;
}

/** What became of a message that was sent to try. */
export type TestOutcome =
  | { readonly ok: true; readonly contact: ContactStatus }
  | { readonly ok: false; readonly why: string }
  /** There is no such contact, but these. */
  | { readonly ok: undefined; readonly names: readonly string[] };

const LOOK_EVERY_MS = 1000;

/** Tells people what happens, in their words and at their times. Nobody waits for it. */
export class Notifications {
  readonly #options: NotificationsOptions;
  readonly #outbox: Outbox;
  readonly #looking: NodeJS.Timeout;
  #settings: Settings;
  #contacts: readonly Contact[] = [];
  #faulty = false;

  constructor(options: NotificationsOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#outbox = new Outbox(options.file, options.log);
    this.#open(options.settings);
    this.#looking = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  get status(): readonly ContactStatus[] {
    return this.#contacts.map((contact) => contact.status);
  }

  /** Failed writes since the start. */
  get errors(): number {
    return this.#outbox.errors;
  }

  take(events: readonly WrittenEvent[]): void {
    if (this.#contacts.length === 0) return;
    const now = Date.now();
    this.#try(() => {
      for (const event of events) {
        const wanting = this.#contacts.filter((contact) => contact.wants(event));
        if (wanting.length === 0) continue;
        const all = readAgain(event);
        for (const contact of wanting) contact.take(all, now);
      }
      // of all else a second may be lost when the process is killed
      if (events.some(({ level }) => level === 'alert')) this.#outbox.flush();
    });
  }

  /** What waits is tried at once by new settings; what waits for a contact that is gone is forgotten. */
  follow(settings: Settings): void {
    const { notifications, policy } = settings;
    const before = this.#settings;
    if (
      isDeepStrictEqual(notifications, before.notifications) &&
      isDeepStrictEqual(policy.times, before.policy.times) &&
      policy.site.timeZone === before.policy.site.timeZone
    )
      return;
    this.#settings = settings;
    this.#open(settings);
  }

  /** Sends one message now, to try. */
  async test(name: string): Promise<TestOutcome> {
    const contact = this.#contacts.find((one) => one.name === name);
    if (contact === undefined)
      return { ok: undefined, names: this.#contacts.map((one) => one.name) };
    const at = Date.now();
    const event: GateEvent = {
      ...{ at, level: 'info', kind: 'notification', count: 1 },
      text: `a message that was sent to try whether it reaches ${name}`,
    };
    try {
      await contact.deliver(withEvent(undefined, event, at));
      contact.tryNow();
      return { ok: true, contact: contact.status };
    } catch (error) {
      if (!(error instanceof CannotDeliver)) throw error;
      return { ok: false, why: error.message };
    }
  }

  close(): void {
    clearInterval(this.#looking);
    for (const contact of this.#contacts) contact.close();
    // another process may go on with what waits, and tells what happens from now on
    this.#contacts = [];
    this.#outbox.close();
  }

  #open({ notifications, policy }: Settings): void {
    const times = new Times(policy.times, policy.site.timeZone);
    const around: Surroundings = {
      teller: { gate: this.#options.gate, timeZone: policy.site.timeZone },
      smtp: notifications.smtp,
      outbox: this.#outbox,
      isQuiet: (names, at) => names.some((name) => times.isNow(name, at)),
      failing: (name, text) => {
        this.#options.log.error(
          { contact: name, why: text },
          'a notification cannot be delivered; it is kept, and tried again',
        );
        this.#record('warn', name, `cannot be reached: ${text}`);
      },
      recovered: (name) => {
        this.#options.log.info({ contact: name }, 'notifications are delivered again');
        this.#record('info', name, 'is reached again');
      },
      lost: (name, events, why) => {
        this.#options.log.error({ contact: name, events, why }, 'a notification is given up');
        this.#record('alert', name, `was never told of ${events} events: ${why}`);
      },
    };
    const before = this.#contacts;
    this.#contacts = notifications.contacts.map((settings) => {
      const known = before.find(({ name }) => name === settings.name);
      known?.follow(settings, around);
      return known ?? new Contact(settings, around);
    });
    for (const contact of before) if (!this.#contacts.includes(contact)) contact.close();
    this.#outbox.keepOnly(this.#contacts.map(({ name }) => name));
  }

  #look(): void {
    const now = Date.now();
    this.#try(() => {
      for (const contact of this.#contacts) contact.look(now);
      this.#outbox.flush();
    });
  }

  /** A bug here is no reason to end the process: what it is about is told in the log, once. */
  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (this.#faulty) return;
      this.#faulty = true;
      const stack = error instanceof Error ? error.stack : String(error);
      this.#options.log.error({ stack }, 'notifications fail; the gate serves on');
    }
  }

  #record(level: GateEvent['level'], name: string, text: string): void {
    const rule = `the contact ${name}`;
    this.#options.record({ at: Date.now(), level, kind: 'notification', count: 1, rule, text });
  }
}
