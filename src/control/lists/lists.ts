import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ListSettings, Settings } from '../../config/settings.ts';
import type { GateEvent } from '../../data/event.ts';
import { type SlicedLists, sliceLists } from '../../data/sliced-lists.ts';
import { type Network, parseNetwork } from '../../limits/address-key.ts';
import { ExemptNetworks } from '../../limits/exempt-networks.ts';
import type { ListCount, ListMode, SourceList } from '../../limits/listed-networks.ts';
import type { Logger } from '../log.ts';
import type { ListFailure } from './cannot-read.ts';
import { type Failing, List } from './list.ts';
import { ownNetworks } from './own-networks.ts';

/** How a list stands. */
export interface ListStatus {
  readonly name: string;
  readonly mode: ListMode;
  /** The file, or the URL without its key. */
  readonly from: string;
  /** What it names. */
  readonly networks: number;
  /** Of those, what is not for it to decide: allowed, ours, the PBX, trunks, or excepted. */
  readonly overridden: number;
  /** Milliseconds since 1970; undefined: never. */
  readonly readAt: number | undefined;
  readonly changedAt: number | undefined;
  readonly nextAt: number | undefined;
  readonly reading: boolean;
  readonly failing: Failing | undefined;
  /** Failed reads since the start, by kind. */
  readonly failures: readonly (readonly [ListFailure, number])[];
  /** What of it was not taken. */
  readonly notices: readonly string[];
  /** Packets refused because of it, or that would have been, and from how many of its networks. */
  readonly packets: number;
  readonly came: number;
}

export interface ListsOptions {
  readonly settings: Settings;
  /** Where the last good state of each is kept. */
  readonly folder: string;
  /** Resolves when they hold. */
  readonly send: (lists: SlicedLists) => Promise<void>;
  /** What came of them, as last reported. */
  readonly counts: () => readonly ListCount[];
  readonly record: (event: GateEvent) => void;
  readonly log: Logger;
}

/** How long somebody waits for lists that are being read. */
const PATIENCE_MS = 50_000;

/** All lists of policies/lists.yaml: read, kept, and told to those who refuse packets. */
export class Lists {
  readonly #options: ListsOptions;
  #settings: Settings;
  #lists: readonly List[] = [];
  readonly #overridden = new Map<string, number>();
  #sending: Promise<void> | undefined;
  #again = false;
  #started = false;

  constructor(options: ListsOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#lists = options.settings.lists.map((one) => this.#open(one));
    this.#removeOthers();
  }

  get status(): readonly ListStatus[] {
    const counts = this.#options.counts();
    return this.#lists.map((list) => {
      const { name, networks, readAt, changedAt, nextAt, reading, failing, notices } = list;
      const { mode, from } = list.settings;
      const { packets = 0, came = 0 } = counts.find((one) => one.name === name) ?? {};
      return {
        ...{ name, mode, from: placeOf(from), networks: networks.size },
        overridden: this.#overridden.get(name) ?? 0,
        ...{ readAt, changedAt, nextAt, reading, failing, notices, packets, came },
        failures: [...list.failures],
      };
    });
  }

  /** What they name, for the data plane. */
  slices(): SlicedLists {
    const own = ownNetworks(this.#settings);
    const sources = this.#lists.map(sourceOf);
    return sliceLists(sources, (at) => this.#undisputed(this.#lists[at] as List, own));
  }

  /** What was kept has been told: from now on they are read. */
  start(): void {
    this.#started = true;
    for (const list of this.#lists) list.start();
  }

  /** A list whose settings are as they were goes on as it is. */
  follow(settings: Settings): void {
    this.#settings = settings;
    const before = this.#lists;
    this.#lists = settings.lists.map(
      (wanted) =>
        before.find((list) => isDeepStrictEqual(list.settings, wanted)) ?? this.#open(wanted),
    );
    for (const list of before) if (!this.#lists.includes(list)) list.close();
    for (const list of this.#lists) if (!before.includes(list)) list.start();
    this.#removeOthers();
    this.#send();
  }

  /** Reads all of them now, or the one of that name; undefined: there is none. */
  async refresh(name: string | undefined): Promise<readonly ListStatus[] | undefined> {
    const wanted = this.#lists.filter((list) => name === undefined || list.name === name);
    if (name !== undefined && wanted.length === 0) return undefined;
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(patience.resolve, PATIENCE_MS);
    await Promise.race([Promise.all(wanted.map((list) => list.refresh())), patience.promise]);
    clearTimeout(timer);
    while (this.#sending !== undefined) await this.#sending;
    const names = wanted.map((list) => list.name);
    return this.status.filter((one) => names.includes(one.name));
  }

  close(): void {
    for (const list of this.#lists) list.close();
  }

  #open(settings: ListSettings): List {
    const { log } = this.#options;
    return new List(settings, join(this.#options.folder, `${settings.name}.json`), {
      changed: (list, added, removed) => {
        const networks = list.networks.size;
        log.info({ list: list.name, networks, added, removed }, 'a list was read, and is another');
        this.#record('info', list, `read: ${networks} networks, ${added} new, ${removed} gone`);
        this.#send();
      },
      failing: (list, { kind, message }) => {
        log.warn(
          { list: list.name, kind, why: message },
          'a list cannot be read: the old one stays',
        );
        this.#record('warn', list, `cannot be read, the old one stays: ${kind}, ${message}`);
      },
      recovered: (list) => {
        log.info({ list: list.name }, 'a list can be read again');
        this.#record('info', list, 'can be read again');
      },
      dropped: (list, networks) => {
        log.error(
          { list: list.name, networks },
          'a list was not read for too long: it counts no more',
        );
        const days = list.settings.dropAfterDays;
        this.#record(
          'alert',
          list,
          `not read for ${days} days: its ${networks} networks are dropped`,
        );
        this.#send();
      },
      notKept: (list, why) =>
        log.error(
          { list: list.name, why },
          'a list cannot be written to disk; it serves from memory',
        ),
    });
  }

  #record(level: GateEvent['level'], list: List, text: string): void {
    const rule = `the list ${list.name}`;
    this.#options.record({ at: Date.now(), level, kind: 'list', count: 1, rule, text });
  }

  /** What changes while it is being told is told after it. */
  #send(): void {
    if (!this.#started) return;
    if (this.#sending !== undefined) {
      this.#again = true;
      return;
    }
    this.#sending = this.#options.send(this.slices()).finally(() => {
      this.#sending = undefined;
      if (!this.#again) return;
      this.#again = false;
      this.#send();
    });
  }

  /** Without what is not for it to decide, also where that is a part of what it names. */
  *#undisputed({ name, networks, settings }: List, own: readonly string[]): Iterable<Network> {
    const { mode, except } = settings;
    const exempt = new ExemptNetworks(mode === 'allow' ? except : [...own, ...except]);
    let overridden = 0;
    for (const text of networks.keys()) {
      const network = parseNetwork(text);
      const left = network === undefined ? [] : exempt.leftOf(network);
      if (left.length === 0) overridden++;
      yield* left;
    }
    this.#overridden.set(name, overridden);
  }

  /** Of lists that are no longer asked for nothing is kept. */
  #removeOthers(): void {
    const wanted = this.#lists.map(({ name }) => `${name}.json`);
    try {
      for (const file of readdirSync(this.#options.folder))
        if (!wanted.includes(file)) rmSync(join(this.#options.folder, file), { force: true });
    } catch {
      // there is no such folder, or it cannot be written: what lies there does no harm
    }
  }
}

const sourceOf = ({ settings, changedAt = 0 }: List): SourceList => ({
  name: settings.name,
  mode: settings.mode,
  from: placeOf(settings.from),
  sparesPhones: settings.phones === 'serve',
  readAt: changedAt,
});

/** The file, or the URL's host: some feeds want a key in its path. */
const placeOf = (from: ListSettings['from']): string =>
  'file' in from ? from.file : new URL(from.url).host;
