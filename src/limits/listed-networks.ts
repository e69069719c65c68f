import { formatNetwork, type Network, parseNetwork, widen } from './address-key.ts';
import type { FoundBlock } from './block-entry.ts';
import { PrefixTable } from './prefix-table.ts';

/** `shadow`: nothing is refused because of it, and it is counted what would be. */
export type ListMode = 'block' | 'allow' | 'shadow';

/** A list of networks that somebody else keeps, or a file: what is said of all that stands in it. */
export interface SourceList {
  readonly name: string;
  readonly mode: ListMode;
  /** Where it comes from, for people: a host, or a file. */
  readonly from: string;
  /** Phones registered from what it names are served all the same. */
  readonly sparesPhones: boolean;
  /** When it was read, milliseconds since 1970. */
  readonly readAt: number;
}

/** What came of a list so far. */
export interface ListCount {
  readonly name: string;
  /** Networks that it names, less those that an earlier list names too. */
  readonly networks: number;
  /** Packets that were refused because of it, or would have been. */
  readonly packets: number;
  /** The networks among them that packets came from. */
  readonly came: number;
}

class Counted implements ListCount {
  readonly list: SourceList;
  networks = 0;
  packets = 0;
  came = 0;

  constructor(list: SourceList) {
    this.list = list;
  }
  get name(): string {
    return this.list.name;
  }
}

/** A network of a list that somebody came from. It is alive: `hits` and the times go on changing. */
export class Listed implements FoundBlock {
  readonly by = 'list';
  readonly network: string;
  readonly counted: Counted;
  readonly until = undefined;
  readonly offences = 0;
  readonly firstSeen: number;
  lastSeen: number;
  hits = 0;

  constructor(network: string, counted: Counted) {
    this.network = network;
    this.counted = counted;
    this.firstSeen = counted.list.readAt;
    this.lastSeen = counted.list.readAt;
  }

  get list(): string {
    return this.counted.list.name;
  }
  get rule(): string {
    return `the list ${this.list}`;
  }
  get evidence(): string {
    return `from ${this.counted.list.from}`;
  }
  get changedAt(): number {
    return this.firstSeen;
  }
  /** Whoever makes a list can be led to name an innocent, by packets forged in his name. */
  get forgeable(): boolean {
    return this.counted.list.sparesPhones;
  }
}

/** Of a network that nobody came from yet only its length and its list are held: `list * 256 + bits`. */
type Held = Listed | number;

const modes: readonly ListMode[] = ['block', 'allow', 'shadow'];

/**
 * The networks of all lists, asked about for every packet of a stranger: one table for each mode, whatever the number of
 * lists. It is filled once, and then replaced whole by the next.
 */
export class ListedNetworks {
  readonly #counted: readonly Counted[];
  readonly #tables: Readonly<Record<ListMode, PrefixTable<Held>>>;

  constructor(lists: readonly SourceList[] = []) {
    this.#counted = lists.map((list) => new Counted(list));
    this.#tables = {
      block: new PrefixTable(),
      allow: new PrefixTable(),
      shadow: new PrefixTable(),
    };
  }

  get counts(): readonly ListCount[] {
    return this.#counted.map(({ name, networks, packets, came }) => ({
      ...{ name, networks, packets, came },
    }));
  }

  /** How many networks are blocked by lists. */
  get blocked(): number {
    return this.#tables.block.size;
  }

  get inShadow(): number {
    return this.#tables.shadow.size;
  }

  /** There will be so many of that kind. */
  expect(mode: ListMode, family: 4 | 6, bits: number, count: number): void {
    this.#tables[mode].expect(family, bits, count);
  }

  /** By the place of the list. Of several lists that name it the first counts. */
  add(list: number, network: Network): void {
    const counted = this.#counted[list];
    if (counted === undefined) return;
    const table = this.#tables[counted.list.mode];
    if (table.get(network) !== undefined) return;
    table.set(network, list * 256 + network.bits);
    counted.networks++;
  }

  /** What was counted in the table that this one replaces goes on counting. */
  continues(before: ListedNetworks): void {
    for (const counted of this.#counted) {
      const last = before.#counted.find(({ name }) => name === counted.name);
      if (last === undefined || last.list.mode !== counted.list.mode) continue;
      counted.packets = last.packets;
      counted.came = last.came;
    }
    for (const mode of modes)
      for (const listed of before.came(mode)) {
        const network = parseNetwork(listed.network);
        const held = network && this.#tables[mode].get(network);
        if (network === undefined || typeof held !== 'number') continue;
        const again = this.#listed(listed.network, held);
        if (again.list !== listed.list) continue;
        again.hits = listed.hits;
        again.lastSeen = listed.lastSeen;
        this.#tables[mode].set(network, again);
      }
  }

  allows(address: string): boolean {
    return this.find('allow', address) !== undefined;
  }

  /** The network of a list that blocks the address, or would if it were not in shadow. */
  find(mode: ListMode, address: string): Listed | undefined {
    const table = this.#tables[mode];
    if (table.size === 0) return undefined;
    const held = table.match(address);
    return typeof held === 'number' ? this.#listed(networkAround(address, held), held) : held;
  }

  /** A packet came from there; says whether it is the first. */
  touch(listed: Listed, now: number): boolean {
    const { counted } = listed;
    listed.hits++;
    listed.lastSeen = now;
    counted.packets++;
    if (listed.hits > 1) return false;
    counted.came++;
    const network = parseNetwork(listed.network);
    if (network !== undefined) this.#tables[counted.list.mode].set(network, listed);
    return true;
  }

  /** So many packets from this very network were refused elsewhere; the network, when they are its first. */
  cameElsewhere(text: string, packets: number, now: number): Listed | undefined {
    const network = parseNetwork(text);
    const held = network && this.#tables.block.get(network);
    if (held === undefined) return undefined;
    const listed = typeof held === 'number' ? this.#listed(text, held) : held;
    const isFirst = this.touch(listed, now);
    listed.hits += packets - 1;
    listed.counted.packets += packets - 1;
    return isFirst ? listed : undefined;
  }

  /** Those that somebody came from. */
  *came(mode: ListMode): IterableIterator<Listed> {
    for (const held of this.#tables[mode].values()) if (typeof held !== 'number') yield held;
  }

  #listed(network: string, held: number): Listed {
    return new Listed(network, this.#counted[held >> 8] as Counted);
  }
}

function networkAround(address: string, held: number): string {
  const network = parseNetwork(address);
  return network === undefined ? address : formatNetwork(widen(network, held & 255));
}
