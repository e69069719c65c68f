import { endByThisClock } from '../limits/end-by-this-clock.ts';
import { laterThan } from '../limits/later-than.ts';
import { detached } from '../sip/message/detached.ts';
import { FamiliarSources } from './familiar-sources.ts';
import { FlowHolders } from './flow-holders.ts';
import { FormerFlows } from './former-flows.ts';
import { Homes } from './homes.ts';
import { sourceOf } from './packed-address.ts';
import type { BindingRow, RegistrationsStore } from './registrations-store.ts';
import { SharedTexts } from './shared-texts.ts';

/** What a registration may say anew each time. */
export type Reach = Pick<
  BindingRow,
  | 'flow'
  | 'transport'
  | 'listener'
  | 'address'
  | 'port'
  | 'toward'
  | 'expiresAt'
  | 'userAgent'
  | 'callId'
  | 'cseq'
  | 'node'
  | 'instance'
>;

/** A registered contact: what the phone said, and how it is reached. A refresh changes it in place. */
export type Binding = { -readonly [Field in keyof BindingRow]: BindingRow[Field] } & {
  /** How long it lasts as far as the disk knows; `REMOVED` once it is no longer registered. */
  storedUntil: number;
  /** The node of the gate that holds it; `HERE` for this one. */
  gate: string;
};

/** How much of the table is looked over each time for what has expired: all of it in half a minute. */
const SWEEPS_PER_ROUND = 30;
const REMOVED = -1;
export const HERE = '';

/**
 * Who is registered, by the user part and by the token the PBX was given. In memory; every change is told
 * to the store. Bounded: beyond `most`, new bindings are refused and known ones refreshed.
 */
export class Registrations {
  readonly #store: RegistrationsStore;
  readonly #others: RegistrationsStore | undefined;
  readonly #most: number;
  /**
   * By the user in whatever domain: most PBXs take no notice of that, so a phone may make up one after another. Most phones
   * stand alone; the array around each would take as much room as its Contact.
   */
  readonly #byUser = new Map<string, Binding | readonly Binding[]>();
  readonly #byToken = new Map<string, Binding>();
  readonly #userAgents = new SharedTexts();
  readonly #flows = new FlowHolders<Binding>();
  /** The addresses that somebody is registered from, or was of late. */
  readonly sources = new FamiliarSources();
  /** Where each extension is or was registered from. */
  readonly homes = new Homes();
  readonly #former = new FormerFlows((flow) => this.#flows.has(flow));
  #changes = 0;
  #elsewhere = 0;
  #sweep: IterableIterator<Binding> | undefined;

  constructor(
    store: RegistrationsStore,
    most: number,
    kept: readonly BindingRow[],
    others?: RegistrationsStore,
  ) {
    this.#store = store;
    this.#others = others;
    this.#most = most;
    const now = Date.now();
    for (const row of kept)
      this.#put({
        ...row,
        expiresAt: endByThisClock(row.expiresAt, row.changedAt, now),
        userAgent: this.#userAgents.one(row.userAgent),
        storedUntil: row.expiresAt,
        gate: HERE,
      });
  }

  get size(): number {
    return this.#byToken.size;
  }
  /** Those that other nodes hold. */
  get elsewhere(): number {
    return this.#elsewhere;
  }

  get full(): boolean {
    return this.#byToken.size >= this.#most;
  }

  /** Another number whenever a binding came or went: as long as it is the same, what was found is still so. */
  get changes(): number {
    return this.#changes;
  }

  /** Is it still registered? */
  has(binding: Binding): boolean {
    return binding.storedUntil !== REMOVED;
  }

  all(): IterableIterator<Binding> {
    return this.#byToken.values();
  }

  of(aor: string): readonly Binding[] {
    return this.ofUser(userOfAor(aor)).filter((binding) => binding.aor === aor);
  }

  /** Does anybody hold a registration by this flow? */
  holds(flow: string): boolean {
    return this.#flows.has(flow);
  }

  /** Is anybody registered from this source (`sourceOf`)? */
  hasSource(source: string): boolean {
    return this.sources.holds(source);
  }

  /** What this user part is registered by, in whatever domain. */
  ofUser(user: string): readonly Binding[] {
    const found = this.#byUser.get(user);
    return found === undefined ? none : 'aor' in found ? [found] : found;
  }

  /** The flow by which those are reached now who were reached by this one, when that is gone. */
  flowInsteadOf(flow: string, now: number): string | undefined {
    return this.#former.now(flow, now);
  }

  named(token: string, now: number): Binding | undefined {
    const binding = this.#byToken.get(token);
    return binding === undefined || binding.expiresAt <= now ? undefined : binding;
  }

  /** Is anybody registered by this name? */
  hasUser(user: string, now: number): boolean {
    return this.ofUser(user).some(({ expiresAt }) => expiresAt > now);
  }

  /** For a PBX that drops our URI parameter: whoever registered with that user part, if it is only one. */
  withUser(user: string, now: number): Binding | undefined {
    const [found, another] = this.ofUser(user).filter(({ expiresAt }) => expiresAt > now);
    return another === undefined ? found : undefined;
  }

  /** How an extension of this name is registered: by this very flow, or at least from this address. */
  whereIs(
    user: string,
    flow: string,
    address: string,
    now: number,
  ): 'flow' | 'address' | undefined {
    let found: 'address' | undefined;
    for (const binding of this.ofUser(user)) {
      if (binding.expiresAt <= now) continue;
      if (binding.flow === flow) return 'flow';
      if (binding.address === address) found = 'address';
    }
    return found;
  }

  /** Whoever is registered by this flow; by far most often one. */
  by(flow: string): Iterable<Binding> {
    return this.#flows.of(flow);
  }

  add(aor: string, contact: string, token: string, reach: Reach): Binding {
    const binding: Binding = {
      aor: inOnePiece(aor),
      contact: inOnePiece(contact),
      token,
      flow: reach.flow,
      transport: reach.transport,
      listener: reach.listener,
      address: reach.address,
      port: reach.port,
      toward: reach.toward,
      expiresAt: reach.expiresAt,
      userAgent: this.#userAgents.one(reach.userAgent),
      callId: inOnePiece(reach.callId),
      cseq: reach.cseq,
      node: reach.node,
      instance: inOnePiece(reach.instance),
      changedAt: Date.now(),
      storedUntil: 0,
      gate: HERE,
    };
    for (const sibling of this.of(aor))
      if (sibling.callId === binding.callId) this.#former.succeeds(binding, sibling);
    this.#put(binding);
    this.#stored(binding);
    return binding;
  }

  /**
   * The same contact again. Where it is goes to disk at once; that it lasts longer only when that matters, or
   * a phone that refreshes every half minute to keep its NAT open would be written every half minute.
   */
  refresh(binding: Binding, reach: Reach, now: number): void {
    const moved =
      binding.gate !== HERE ||
      binding.flow !== reach.flow ||
      binding.node !== reach.node ||
      binding.toward !== reach.toward;
    this.#held(binding, HERE);
    binding.changedAt = laterThan(binding.changedAt, now);
    this.#reachBy(binding, reach);
    const unstored = reach.expiresAt - binding.storedUntil;
    if (moved || unstored * 2 > reach.expiresAt - now || unstored < 0) this.#stored(binding);
  }

  /** A node of the gate holds it now, as that node says; `gate` is that node, or `HERE`. */
  adopt(row: BindingRow, gate: string, now: number): void {
    const known = this.#byToken.get(row.token);
    if (row.expiresAt <= now || (known !== undefined && row.changedAt <= known.changedAt)) return;
    if (known === undefined) {
      if (this.full) return;
      const userAgent = this.#userAgents.one(row.userAgent);
      const binding = { ...row, userAgent, storedUntil: row.expiresAt, gate };
      this.#put(binding);
      // what this node has lost is on its disk again
      if (gate === HERE) this.#store.saved(binding);
      return;
    }
    if (known.gate === HERE) this.#store.removed(known);
    this.#held(known, gate);
    known.changedAt = row.changedAt;
    this.#reachBy(known, row);
    known.storedUntil = row.expiresAt;
  }

  /** The gate whose place we took had asked the PBX for it before, and it was granted since. */
  takeOver(row: BindingRow): void {
    const known = this.#byToken.get(row.token);
    if (known !== undefined) this.refresh(known, row, Date.now());
    else if (!this.full) {
      const userAgent = this.#userAgents.one(row.userAgent);
      const binding = { ...row, userAgent, storedUntil: 0, gate: HERE };
      this.#put(binding);
      this.#stored(binding);
    }
  }

  /** It was taken back at that time, at another node. */
  goneElsewhere(token: string, at: number): void {
    const known = this.#byToken.get(token);
    if (known !== undefined && known.changedAt <= at) this.#remove(known);
  }

  #reachBy(binding: Binding, reach: Reach): void {
    if (binding.flow !== reach.flow) {
      this.#former.moved(binding);
      this.#flows.remove(binding.flow, binding);
      this.#flows.add(reach.flow, binding);
    }
    if (binding.address !== reach.address) {
      this.#atHome(binding.aor, reach.address);
      this.sources.came(reach.address);
      this.sources.left(binding.address);
    }
    binding.flow = reach.flow;
    binding.transport = reach.transport;
    binding.listener = reach.listener;
    binding.address = reach.address;
    binding.port = reach.port;
    binding.toward = reach.toward;
    binding.expiresAt = reach.expiresAt;
    if (binding.userAgent !== reach.userAgent)
      binding.userAgent = this.#userAgents.one(reach.userAgent);
    if (binding.callId !== reach.callId) binding.callId = detached(reach.callId);
    binding.cseq = reach.cseq;
    binding.node = reach.node;
    if (binding.instance !== reach.instance) binding.instance = detached(reach.instance);
  }

  remove(binding: Binding): void {
    if (this.#byToken.get(binding.token) !== binding) return;
    this.#remove(binding);
    this.#others?.removed(binding);
  }

  #remove(binding: Binding): void {
    this.#byToken.delete(binding.token);
    if (binding.gate !== HERE) this.#elsewhere--;
    binding.storedUntil = REMOVED;
    this.#changes++;
    this.#flows.remove(binding.flow, binding);
    this.sources.left(binding.address);
    this.#atHome(binding.aor, binding.address);
    this.#former.removed(binding);
    const user = userOfAor(binding.aor);
    this.#hold(
      user,
      this.ofUser(user).filter((other) => other !== binding),
    );
    if (binding.gate === HERE) this.#store.removed(binding);
  }

  /** Once a second: a part of the table is looked over, and what has expired goes. */
  sweep(now: number): void {
    let left = Math.ceil(this.#byToken.size / SWEEPS_PER_ROUND);
    this.#sweep ??= this.#byToken.values();
    for (; left > 0; left--) {
      const next = this.#sweep.next();
      if (next.done) {
        this.#sweep = undefined;
        return;
      }
      // the other nodes see that by themselves
      if (next.value.expiresAt <= now) this.#remove(next.value);
    }
  }

  /** The clock was set: a registration lasts as long as it would have. What other nodes hold lasts by their clocks. */
  clockSet(byMs: number): void {
    for (const binding of this.#byToken.values()) {
      if (binding.gate !== HERE) continue;
      binding.expiresAt += byMs;
      binding.changedAt++; // or it would be no news to the others
      this.#stored(binding);
    }
  }

  #atHome(aor: string, address: string): void {
    this.homes.seen(userOfAor(aor), sourceOf(address), Date.now());
  }

  #stored(binding: Binding): void {
    binding.storedUntil = binding.expiresAt;
    this.#store.saved(binding);
    this.#others?.saved(binding);
  }

  #held(binding: Binding, gate: string): void {
    if (binding.gate === gate) return;
    if (binding.gate === HERE) this.#elsewhere++;
    else if (gate === HERE) this.#elsewhere--;
    binding.gate = gate;
  }

  #put(binding: Binding): void {
    this.#byToken.set(binding.token, binding);
    if (binding.gate !== HERE) this.#elsewhere++;
    this.#changes++;
    this.#flows.add(binding.flow, binding);
    this.sources.came(binding.address);
    this.#atHome(binding.aor, binding.address);
    const user = userOfAor(binding.aor);
    this.#hold(user, [...this.ofUser(user), binding]);
  }

  #hold(user: string, bindings: readonly Binding[]): void {
    const [first] = bindings;
    if (first === undefined) this.#byUser.delete(user);
    else this.#byUser.set(user, bindings.length === 1 ? first : bindings);
  }
}

const none: readonly Binding[] = [];

/** What was an escape in a user part may be an `@`; in a domain none can be. */
export const userOfAor = (aor: string): string => aor.slice(0, aor.lastIndexOf('@'));

/** A copy that is no slice either, as a `detached` one is of another: that is a fifth of what a registration takes. */
const inOnePiece = (text: string): string => Buffer.from(text).toString();
