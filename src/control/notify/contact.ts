import { reasonOf } from '../../config/reason-of.ts';
import type { ContactSettings, SmtpSettings } from '../../config/settings.ts';
import type { GateEvent } from '../../data/event.ts';
import { CannotDeliver } from './cannot-deliver.ts';
import { bodyFor } from './forms.ts';
import { type Group, rank, withEvent } from './group.ts';
import type { Held } from './notifications-database.ts';
import type { Outbox } from './outbox.ts';
import { sendMail } from './send-mail.ts';
import { sendWebhook } from './send-webhook.ts';
import { type Teller, writeMessage } from './write-message.ts';

/** Since when a contact cannot be reached, and why. */
export interface Failing {
  readonly text: string;
  readonly since: number;
  readonly times: number;
  /** When it is tried again. */
  readonly nextAt: number;
}

/** How a contact stands. */
export interface ContactStatus {
  readonly name: string;
  readonly by: 'email' | 'json' | 'slack' | 'teams';
  /** The addresses, or the webhook's host. */
  readonly to: string;
  /** Messages that wait to be sent. */
  readonly waiting: number;
  /** Events of messages that are not closed yet, or that wait. */
  readonly untold: number;
  /** Messages sent, and events that were never told, since the start. */
  readonly sent: number;
  readonly lost: number;
  readonly quiet: boolean;
  readonly lastSentAt: number | undefined;
  readonly failing: Failing | undefined;
}

export interface Surroundings {
  readonly teller: Teller;
  readonly smtp: SmtpSettings | undefined;
  readonly outbox: Outbox;
  isQuiet(times: readonly string[], at: number): boolean;
  failing(name: string, text: string): void;
  recovered(name: string): void;
  lost(name: string, events: number, why: string): void;
}

const HOUR_MS = 3_600_000;
/** What happens while so many wait goes into one that is not closed yet: nothing is lost, and nothing grows. */
const MOST_WAITING = 20;
/** A message that is refused so often is given up; others may well be taken. */
const MOST_REFUSALS = 4;
const FIRST_RETRY_MS = 10_000;
const LAST_RETRY_MS = 600_000;

/** Somebody who is told: gathers what happens into messages, and sends them one by one. */
export class Contact {
  readonly name: string;
  #settings: ContactSettings;
  #around: Surroundings;
  readonly #end = new AbortController();
  #sending: Promise<void> | undefined;
  #failing: Failing | undefined;
  #sent = 0;
  #lost = 0;

  constructor(settings: ContactSettings, around: Surroundings) {
    this.name = settings.name;
    this.#settings = settings;
    this.#around = around;
  }

  get status(): ContactStatus {
    const { to, quiet } = this.#settings;
    const held = this.#held();
    const unsent = held.filter(({ sentAt }) => sentAt === undefined);
    return {
      ...{ name: this.name, sent: this.#sent, lost: this.#lost, failing: this.#failing },
      by: 'webhook' in to ? to.form : 'email',
      to: 'webhook' in to ? new URL(to.webhook).host : to.addresses.join(', '),
      waiting: unsent.filter(({ closedAt }) => closedAt !== undefined).length,
      untold: unsent.reduce((sum, { group }) => sum + group.count, 0),
      quiet: this.#around.isQuiet(quiet, Date.now()),
      lastSentAt: held.reduce<number | undefined>(
        (last, { sentAt }) => (sentAt === undefined ? last : Math.max(last ?? 0, sentAt)),
        undefined,
      ),
    };
  }

  wants(event: Pick<GateEvent, 'level' | 'kind' | 'rule'>): boolean {
    const wanted = this.#settings.wants.some(
      ({ level, kinds }) =>
        rank(event.level) >= rank(level) && (kinds.length === 0 || kinds.includes(event.kind)),
    );
    // that it cannot be reached is nothing to tell it
    return wanted && !(event.kind === 'notification' && event.rule === `the contact ${this.name}`);
  }

  /** One that it wants. */
  take(event: GateEvent, now: number): void {
    const urgent = event.level === 'alert';
    const { outbox } = this.#around;
    const open = outbox.open(this.name, urgent);
    outbox.put({
      id: open?.id ?? outbox.nextId(),
      ...{ contact: this.name, urgent, refusals: 0 },
      group: withEvent(open?.group, event, now),
    });
  }

  /** Closes what is to be told now, forgets what is too old, and sends. */
  look(now: number): void {
    for (const held of this.#held()) {
      if (held.sentAt !== undefined) {
        if (age(held.sentAt, now) > HOUR_MS) this.#around.outbox.remove(held);
      } else if (held.closedAt === undefined) {
        if (this.#isDue(held, now)) this.#around.outbox.put({ ...held, closedAt: now });
        // not by `age`: a clock that is put back makes nothing old
      } else if (now - held.closedAt > this.#settings.keepHours * HOUR_MS)
        this.#giveUp(held, `not delivered in ${this.#settings.keepHours} h`);
    }
    if (this.#sending !== undefined || !this.#mayTry(now) || this.#next() === undefined) return;
    this.#sending = this.#send().finally(() => {
      this.#sending = undefined;
    });
  }

  /** Goes on by other settings; what waits is tried by them at once. */
  follow(settings: ContactSettings, around: Surroundings): void {
    this.#settings = settings;
    this.#around = around;
    this.tryNow();
  }

  /** Resolves when nothing is being sent. */
  async idle(): Promise<void> {
    await this.#sending;
  }

  /** Tries at once, whatever came before. */
  tryNow(): void {
    if (this.#failing !== undefined) this.#failing = { ...this.#failing, nextAt: 0 };
  }

  /** Sends a group by itself, for an operator who waits for what becomes of it. Throws `CannotDeliver`. */
  deliver(group: Group): Promise<void> {
    const settings = this.#settings;
    const { to } = settings;
    const { smtp, teller } = this.#around;
    const message = writeMessage(group, settings, teller);
    const { signal } = this.#end;
    if ('webhook' in to)
      return sendWebhook(to, bodyFor(to.form, message, this.name, teller), signal);
    if (smtp === undefined) throw new CannotDeliver('there is no mail server');
    return sendMail(smtp, to.addresses, message, signal);
  }

  /** What is being sent is cut off, and sent again another time. */
  close(): void {
    this.#end.abort();
  }

  #held(): readonly Held[] {
    return this.#around.outbox.of(this.name);
  }

  #next(): Held | undefined {
    const waiting = this.#held().filter(
      ({ closedAt, sentAt }) => closedAt !== undefined && sentAt === undefined,
    );
    // alerts first, and what was refused after all else
    return waiting.toSorted(
      (one, other) =>
        one.refusals - other.refusals ||
        Number(other.urgent) - Number(one.urgent) ||
        one.id - other.id,
    )[0];
  }

  #mayTry(now: number): boolean {
    const { nextAt = 0 } = this.#failing ?? {};
    // a clock that was put back makes nobody wait
    return now >= nextAt || nextAt - now > HOUR_MS;
  }

  #isDue({ urgent, group }: Held, now: number): boolean {
    const { quiet, inQuiet, calmSeconds, groupSeconds, alertSeconds, perHour } = this.#settings;
    const open = age(group.openedAt, now);
    const ripe = urgent
      ? open >= alertSeconds * 1000
      : open >= groupSeconds * 1000 || age(group.lastAt, now) >= calmSeconds * 1000;
    if (!ripe) return false;
    if (!(urgent && inQuiet === 'alert') && this.#around.isQuiet(quiet, now)) return false;
    const closed = this.#held().filter(
      (one) => one.urgent === urgent && one.closedAt !== undefined,
    );
    const unsent = closed.filter(({ sentAt }) => sentAt === undefined);
    const withinHour = closed.filter(({ closedAt = 0 }) => age(closedAt, now) < HOUR_MS);
    if (unsent.length >= MOST_WAITING) return false;
    return withinHour.length < perHour || (urgent && isNews(group, withinHour));
  }

  async #send(): Promise<void> {
    for (;;) {
      const held = this.#next();
      if (held === undefined || this.#end.signal.aborted) return;
      try {
        await this.deliver(held.group);
        this.#arrived(held);
      } catch (error) {
        if (!this.#end.signal.aborted) this.#failed(held, error);
        return;
      }
    }
  }

  #arrived(held: Held): void {
    this.#sent++;
    this.#around.outbox.put({ ...held, sentAt: Date.now() });
    this.#around.outbox.flush();
    if (this.#failing !== undefined) this.#around.recovered(this.name);
    this.#failing = undefined;
  }

  #failed(held: Held, error: unknown): void {
    const now = Date.now();
    const known = error instanceof CannotDeliver;
    const text = reasonOf(error);
    const { since = now, times = 0 } = this.#failing ?? {};
    const pause = Math.min(FIRST_RETRY_MS * 2 ** Math.min(times, 10), LAST_RETRY_MS);
    const asked = known ? (error.retryAfterMs ?? 0) : 0;
    if (this.#failing === undefined) this.#around.failing(this.name, text);
    this.#failing = { text, since, times: times + 1, nextAt: now + Math.max(pause, asked) };
    if (!known || !error.refused) return;
    const refusals = held.refusals + 1;
    if (refusals < MOST_REFUSALS) this.#around.outbox.put({ ...held, refusals });
    else this.#giveUp(held, text);
  }

  #giveUp(held: Held, why: string): void {
    this.#lost += held.group.count;
    this.#around.outbox.remove(held);
    this.#around.lost(this.name, held.group.count, why);
  }
}

/** Is it of a kind that was not told of lately? Whoever can bring one kind about keeps no alert of another waiting. */
const isNews = (group: Group, told: readonly Held[]): boolean =>
  group.tallies.some(
    ({ kind }) => !told.some((one) => one.group.tallies.some((tally) => tally.kind === kind)),
  );

/** How long ago; for ever where the clock was put back since. */
const age = (at: number, now: number): number => (at > now ? Number.POSITIVE_INFINITY : now - at);
