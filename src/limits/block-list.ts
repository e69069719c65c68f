import { formatNetwork, type Network, parseNetwork, widen } from './address-key.ts';
import type {
  BlockChange,
  BlockChangeKind,
  BlockEntry,
  BlockedBy,
  BlockOrder,
  Escalation,
} from './block-entry.ts';
import { endByThisClock } from './end-by-this-clock.ts';
import { EndQueue, endsBefore } from './end-queue.ts';
import { laterThan } from './later-than.ts';
import { Offenders } from './offenders.ts';
import { PrefixTable } from './prefix-table.ts';

const DAY = 86_400_000;
const SOURCE_BITS = 64;
const EXPIRED_PER_SWEEP = 1000;
const MOST_OFFENDERS = 131_072;

const defaultEscalation: Escalation = { factor: 2, mostMs: 7 * DAY, memoryMs: 30 * DAY };

export interface BlockListOptions {
  readonly most?: number;
  readonly escalation?: Escalation;
  readonly onChange?: (change: BlockChange) => void;
}

class Block implements BlockEntry {
  readonly key: Network;
  position = -1;
  readonly firstSeen: number;
  changedAt: number;
  network: string;
  by: BlockedBy;
  rule: string;
  evidence: string;
  note: string | undefined;
  lastSeen: number;
  hits: number;
  until: number | undefined;
  forgeable: boolean;
  offences: number;

  constructor(key: Network, entry: BlockEntry) {
    this.key = key;
    this.network = entry.network;
    this.by = entry.by;
    this.rule = entry.rule;
    this.evidence = entry.evidence;
    this.note = entry.note;
    this.firstSeen = entry.firstSeen;
    this.changedAt = entry.changedAt;
    this.lastSeen = entry.lastSeen;
    this.hits = entry.hits;
    this.until = entry.until;
    this.forgeable = entry.forgeable;
    this.offences = entry.offences;
  }
}

/**
 * Who is blocked, asked for every packet. What rules block in IPv6 is the /64, because whoever has one address of
 * it has all.
 *
 * When it is full, the rules' block that ends soonest goes, the new one included: a flood of
 * forged first offences cannot push out a block that was earned. An operator's never goes.
 */
export class BlockList {
  readonly #blocks = new PrefixTable<Block>();
  readonly #ends: Readonly<Record<BlockedBy, EndQueue<Block>>> = {
    rule: new EndQueue(),
    operator: new EndQueue(),
  };
  /** How many each rule has on the list, and operators. */
  readonly #byRule = new Map<string, number>();
  readonly #offenders = new Offenders(MOST_OFFENDERS);
  readonly #most: number;
  readonly #onChange: (change: BlockChange) => void;
  #escalation: Escalation;

  constructor(options: BlockListOptions = {}) {
    this.#most = options.most ?? 200_000;
    this.#escalation = options.escalation ?? defaultEscalation;
    this.#onChange = options.onChange ?? (() => {});
  }

  get size(): number {
    return this.#blocks.size;
  }

  /** How many there are by the rule that made them, or `operator`. */
  get byRule(): ReadonlyMap<string, number> {
    return this.#byRule;
  }

  /** Blocks made from now on escalate by this. */
  set escalation(escalation: Escalation) {
    this.#escalation = escalation;
  }

  /** The narrowest block that the address is in; a mapped IPv4 address (`::ffff:…`) is the IPv4 one. */
  isBlocked(address: string, now: number): BlockEntry | undefined {
    return this.#find(address, now);
  }

  /** The same, and counts that it came. */
  touch(address: string, now: number): BlockEntry | undefined {
    const block = this.#find(address, now);
    if (block === undefined) return undefined;
    block.hits++;
    block.lastSeen = now;
    return block;
  }

  /** It came so often more, and was refused where we do not look. False if this very network is not blocked. */
  cameElsewhere(network: string, times: number, now: number): boolean {
    const key = parseNetwork(network);
    const block = key === undefined ? undefined : this.#blocks.get(key);
    if (block === undefined) return false;
    block.hits += times;
    block.lastSeen = now;
    return true;
  }

  /** The block as it now stands; none if the network cannot be read or there was no room. */
  block(order: BlockOrder, now: number): BlockEntry | undefined {
    const written = parseNetwork(order.network);
    if (written === undefined) return undefined;
    const key = order.by === 'rule' ? sourceNetwork(written) : written;
    const known = this.#blocks.get(key);
    if (known !== undefined && !hasEnded(known, now)) return this.#strengthen(known, order, now);
    if (known !== undefined) this.#end(known, 'expired');

    const name = formatNetwork(key);
    const { network, by, rule, evidence, note, forgeable = false } = order;
    const earned = by === 'rule' && !forgeable;
    const offences = earned ? this.#offenders.offencesOf(name, now) + 1 : 0;
    const until = this.#endOf(order, offences, now);
    if (earned) this.#remember(name, offences, until ?? now);
    const times = { firstSeen: now, changedAt: now, lastSeen: now, until };
    const counts = { hits: 0, forgeable, offences };
    const shown = key === written ? network : name;
    const block = new Block(key, { network: shown, by, rule, evidence, note, ...times, ...counts });
    if (!this.#makeRoom(block, now)) return undefined;
    this.#put(block);
    this.#tell('added', block);
    return block;
  }

  /** Takes a block off the list and forgives its offences. For an IPv6 address that a rule blocked, its /64. */
  lift(network: string): BlockEntry | undefined {
    const key = parseNetwork(network);
    if (key === undefined) return undefined;
    const source = sourceNetwork(key);
    const block = this.#blocks.get(key) ?? this.#blocks.get(source);
    this.#offenders.forgive(formatNetwork(source));
    if (block !== undefined) this.#end(block, 'lifted');
    return block;
  }

  /**
   * What another node decided. The stronger of two blocks holds on both: when that is ours it is told anew, and the other
   * takes it.
   */
  adopt(row: BlockEntry, now: number): void {
    const key = parseNetwork(row.network);
    if (key === undefined) return;
    if (row.offences > 0) this.#remember(formatNetwork(key), row.offences, row.until ?? now);
    if (hasEnded(row, now)) return;
    const known = this.#blocks.get(key);
    const held = known !== undefined && !hasEnded(known, now) ? known : undefined;
    if (held !== undefined) {
      const order = compareStrength(row, held);
      if (order < 0) {
        held.changedAt = laterThan(row.changedAt, now);
        this.#tell('changed', held);
      }
      if (order <= 0) return;
    }
    if (known !== undefined) this.#take(known);
    const block = new Block(key, row);
    if (!this.#makeRoom(block, now)) return;
    this.#put(block);
    this.#tell(held === undefined ? 'added' : 'changed', block, true);
  }

  /** Another node took it off the list at that time; what was decided since stays. */
  liftedElsewhere(network: string, at: number): void {
    const key = parseNetwork(network);
    const block = key && this.#blocks.get(key);
    if (key === undefined || (block !== undefined && block.changedAt > at)) return;
    this.#offenders.forgive(formatNetwork(sourceNetwork(key)));
    if (block === undefined) return;
    this.#take(block);
    this.#tell('lifted', block, true);
  }

  /** Ends what has expired, so many at a time; true if more is waiting. */
  sweep(now: number, most = EXPIRED_PER_SWEEP): boolean {
    let ended = 0;
    for (const queue of Object.values(this.#ends))
      for (let block = queue.first; block !== undefined; block = queue.first) {
        if (!hasEnded(block, now)) break;
        if (ended++ === most) return true;
        this.#end(block, 'expired');
      }
    return false;
  }

  /**
   * The clock was set. Where it went back, what rules blocked by it is blocked no longer than it would have been: two
   * minutes for what anybody could have sent must not become a day. What a node blocked whose clock was right all the time
   * ends when that said.
   */
  clockSet(byMs: number, now: number): void {
    if (byMs > 0) return;
    for (const block of this.#blocks.values())
      if (block.by === 'rule' && block.until !== undefined && block.changedAt > now) {
        block.until += byMs;
        this.#tell('changed', block);
      }
  }

  /** Finds what contains the text, whatever the case, in anything written of it; for an address, also what it is in. */
  finder(text: string): (entry: BlockEntry) => boolean {
    const wanted = text.trim().toLowerCase();
    if (wanted === '') return () => true;
    const around = parseNetwork(wanted);
    return (entry) =>
      mentions(entry, wanted) ||
      (around !== undefined && entry instanceof Block && contains(entry.key, around));
  }

  entries(): IterableIterator<BlockEntry> {
    return this.#blocks.values();
  }

  /** What was stored comes back, untold. Of what has expired meanwhile the offences are remembered. Says how many live. */
  load(rows: Iterable<BlockEntry>, now: number): number {
    const before = this.size;
    for (const kept of rows) {
      const key = parseNetwork(kept.network);
      if (key === undefined) continue;
      const row = byThisClock(kept, now);
      if (row.offences > 0)
        this.#remember(formatNetwork(key), row.offences, row.until ?? row.lastSeen);
      if (hasEnded(row, now) || this.#blocks.get(key) !== undefined) continue;
      const block = new Block(key, row);
      if (this.#makeRoom(block, now)) this.#put(block);
    }
    return this.size - before;
  }

  #find(address: string, now: number): Block | undefined {
    for (;;) {
      const block = this.#blocks.match(address);
      if (block === undefined || !hasEnded(block, now)) return block;
      this.#end(block, 'expired'); // a wider one may go on
    }
  }

  /** An operator's word stands above a rule's; of two rules' the one that lasts longer. */
  #strengthen(block: Block, order: BlockOrder, now: number): Block {
    const { forgeable = false } = order;
    if (order.by === 'rule') block.lastSeen = now;
    if (forgeable && !block.forgeable) return block;
    const name = formatNetwork(block.key);
    const earned = order.by === 'rule' && !forgeable;
    const offences =
      earned && block.forgeable ? this.#offenders.offencesOf(name, now) + 1 : block.offences;
    const until = this.#endOf(order, offences, now);
    const ordered = order.by === 'operator';
    if (block.by === 'operator' && !ordered) return block;
    const proven = block.forgeable && !forgeable;
    if (!ordered && !proven && !endsBefore(block.until, until)) return block;
    this.#ends[block.by].remove(block);
    this.#count(block.rule, -1);
    this.#count(order.rule, 1);
    block.by = order.by;
    block.rule = order.rule;
    block.evidence = order.evidence;
    block.note = order.note;
    block.until = until;
    block.forgeable = forgeable;
    block.changedAt = laterThan(block.changedAt, now);
    if (earned) {
      block.offences = Math.max(1, offences);
      this.#remember(name, block.offences, until ?? now);
    }
    this.#ends[block.by].add(block);
    this.#tell('changed', block);
    return block;
  }

  #endOf({ by, forMs }: BlockOrder, offences: number, now: number): number | undefined {
    if (forMs === undefined) return undefined;
    if (by !== 'rule' || offences < 2) return now + forMs;
    const { factor, mostMs } = this.#escalation;
    return now + Math.max(forMs, Math.min(mostMs, forMs * factor ** (offences - 1)));
  }

  #remember(network: string, offences: number, ended: number): void {
    this.#offenders.note(network, offences, ended + this.#escalation.memoryMs);
  }

  #makeRoom(block: Block, now: number): boolean {
    if (this.size < this.#most) return true;
    this.sweep(now);
    if (this.size < this.#most) return true;
    const going = this.#ends.rule.first;
    if (going === undefined) return false;
    if (block.by === 'rule' && !endsBefore(going.until, block.until)) return false;
    this.#end(going, 'displaced');
    return true;
  }

  #put(block: Block): void {
    this.#blocks.set(block.key, block);
    this.#ends[block.by].add(block);
    this.#count(block.rule, 1);
  }

  #count(rule: string, change: 1 | -1): void {
    const blocks = (this.#byRule.get(rule) ?? 0) + change;
    if (blocks > 0) this.#byRule.set(rule, blocks);
    else this.#byRule.delete(rule);
  }

  #end(block: Block, kind: BlockChangeKind): void {
    this.#take(block);
    this.#tell(kind, block);
  }

  #take(block: Block): void {
    this.#blocks.delete(block.key);
    this.#ends[block.by].remove(block);
    this.#count(block.rule, -1);
  }

  #tell(kind: BlockChangeKind, entry: BlockEntry, elsewhere = false): void {
    this.#onChange(elsewhere ? { kind, entry, elsewhere } : { kind, entry });
  }
}

function sourceNetwork(network: Network): Network {
  return network.family === 6 && network.bits > SOURCE_BITS ? widen(network, SOURCE_BITS) : network;
}

/** What rules blocked, by a clock that was ahead, is blocked no longer than they meant. */
function byThisClock(row: BlockEntry, now: number): BlockEntry {
  const { by, until, changedAt } = row;
  if (by !== 'rule' || until === undefined || changedAt <= now) return row;
  return { ...row, until: endByThisClock(until, changedAt, now) };
}

function hasEnded({ until }: BlockEntry, now: number): boolean {
  return until !== undefined && until <= now;
}

/**
 * Above zero when the first is the stronger, on every node alike: proven, an operator's, of rules' the longer, the later. Of
 * operators' two of the same instant the longer: else each node would keep its own.
 */
function compareStrength(one: BlockEntry, other: BlockEntry): number {
  if (one.forgeable !== other.forgeable) return one.forgeable ? -1 : 1;
  const [isOperators, othersIs] = [one.by === 'operator', other.by === 'operator'];
  if (isOperators !== othersIs) return isOperators ? 1 : -1;
  const longer = one.until === other.until ? 0 : endsBefore(other.until, one.until) ? 1 : -1;
  const later = one.changedAt - other.changedAt;
  return isOperators ? later || longer : longer || later;
}

function mentions({ network, rule, evidence, note }: BlockEntry, wanted: string): boolean {
  return [network, rule, evidence, note].some((text) => text?.toLowerCase().includes(wanted));
}

function contains(outer: Network, inner: Network): boolean {
  if (outer.family !== inner.family || outer.bits > inner.bits) return false;
  const cut = widen(inner, outer.bits);
  return cut.words.every((word, index) => word === outer.words[index]);
}
