import { setTimeout as sleep } from 'node:timers/promises';
import type { AskedPlace, HeldByOthers, Note, OtherNodes } from '../edge/other-nodes.ts';
import { type Binding, HERE } from '../edge/registrations.ts';
import type { BindingRow } from '../edge/registrations-store.ts';
import type { BlockChange, BlockEntry } from '../limits/block-entry.ts';
import type { Guard, GuardChange } from '../limits/guards.ts';
import type { ClusterNode, FromDataPlane, SharedBatch, ToDataPlane, Told } from './messages.ts';
import { SharedBindings } from './shared-bindings.ts';
import { SharedBlocks } from './shared-blocks.ts';
import { SharedGuards } from './shared-guards.ts';

const batches = { everyMs: 50, rowsPerBatch: 2000, mostPending: 400_000 } as const;

/** A turn of telling everything anew takes a millisecond or two of the thread that carries calls. */
const TOLD_PER_TURN = 1000;
const NEXT_TURN_MS = 20;

/** Calls that end, and what only counts, are told together: elsewhere it is known so much later. */
const TELL_EVERY_MS = 100;

/** Beyond so many between two tellings the others are left in the dark: that is an attack, and it is seen here. */
const MOST_NOTES = 2000;

type Others = Extract<ToDataPlane, { type: 'others' }>;

interface Asking {
  readonly done: (held: HeldByOthers) => void;
  readonly deadline: NodeJS.Timeout;
}

/** The other nodes, by way of the control plane: what they are told of, and what they are asked. */
export class Sharing implements OtherNodes {
  readonly #tell: (message: FromDataPlane) => void;
  readonly #leaseMs: number;
  readonly #blocks: SharedBlocks;
  readonly #bindings: SharedBindings;
  readonly #guards: SharedGuards;
  #telling: NodeJS.Timeout | undefined;
  readonly #live = new Map<string, number>();
  #notes: Note[] = [];
  #tellSoon: NodeJS.Timeout | undefined;
  readonly #asking = new Map<number, Asking>();
  #lastAsk = 0;
  #alone = true;
  #nodes: readonly ClusterNode[] = [];

  constructor(tell: (message: FromDataPlane) => void, leaseMs: number) {
    this.#tell = tell;
    this.#leaseMs = leaseMs;
    this.#blocks = new SharedBlocks({
      ...batches,
      send: (batch) => tell({ type: 'share', batch: { kind: 'blocks', ...batch } }),
    });
    this.#bindings = new SharedBindings({
      ...batches,
      send: (batch) => tell({ type: 'share', batch: { kind: 'bindings', ...batch } }),
    });
    this.#guards = new SharedGuards({
      ...batches,
      send: (batch) => tell({ type: 'share', batch: { kind: 'guards', ...batch } }),
    });
  }

  get alone(): boolean {
    return this.#alone;
  }

  follow({ alone, nodes }: Pick<Others, 'alone' | 'nodes'>): void {
    this.#alone = alone;
    this.#nodes = nodes;
  }

  blockChanged(change: BlockChange): void {
    this.#blocks.changed(change);
  }

  guardChanged(change: GuardChange): void {
    this.#guards.changed(change);
  }

  liveChanged(key: string, calls: number): void {
    this.#live.set(key, calls);
    this.#soon();
  }

  note(note: Note): void {
    if (this.#notes.length >= MOST_NOTES) return;
    this.#notes.push(note);
    this.#soon();
  }

  ask(places: readonly AskedPlace[], done: (held: HeldByOthers) => void): void {
    // without any there is nobody who could hold a place
    if (!this.#alone && this.#nodes.length === 0) {
      done(nothing);
      return;
    }
    if (this.#alone) {
      done(undefined);
      return;
    }
    this.#lastAsk++;
    const ask = this.#lastAsk;
    const deadline = setTimeout(() => this.answered(ask, undefined), this.#leaseMs);
    this.#asking.set(ask, { done, deadline });
    this.#tell({ type: 'ask', ask, places });
  }

  /** What the others hold under the keys that were asked for; undefined: they do not say. */
  answered(ask: number, held: HeldByOthers): void {
    const asking = this.#asking.get(ask);
    if (asking === undefined) return;
    this.#asking.delete(ask);
    clearTimeout(asking.deadline);
    asking.done(held);
  }

  saved(row: BindingRow): void {
    this.#bindings.saved(row);
  }

  removed(row: BindingRow): void {
    this.#bindings.removed(row);
  }

  uriOf(gate: string): string | undefined {
    return this.#nodes.find(({ name }) => name === gate)?.uri;
  }

  taken(kind: SharedBatch['kind'], batch: number): void {
    const told = { blocks: this.#blocks, bindings: this.#bindings, guards: this.#guards };
    told[kind].stored(batch);
  }

  /** What of it is news here. */
  heard(told: Told): Told {
    switch (told.what) {
      case 'blocks':
        return { ...told, blocks: this.#blocks.heard(told.blocks, told.lifted) };
      case 'bindings':
        return { ...told, bindings: this.#bindings.heard(told.bindings, told.gone) };
      case 'guards':
        return { ...told, guards: this.#guards.heard(told.guards, told.lifted) };
      case 'notes':
        return told;
    }
  }

  /** Everything is told again, a piece at a time. */
  tellAll(
    blocks: Iterable<BlockEntry>,
    bindings: Iterable<Binding>,
    guards: Iterable<Guard>,
  ): void {
    clearInterval(this.#telling);
    const pieces = this.#everything(blocks, bindings, guards);
    this.#telling = setInterval(() => {
      for (let left = TOLD_PER_TURN; left > 0; left--)
        if (pieces.next().done) return clearInterval(this.#telling);
    }, NEXT_TURN_MS);
  }

  /** What was taken back first: whatever is there again was decided since. */
  *#everything(
    blocks: Iterable<BlockEntry>,
    bindings: Iterable<Binding>,
    guards: Iterable<Guard>,
  ): Generator<void> {
    for (const told of [this.#guards, this.#blocks, this.#bindings]) yield* told.tellGone();
    for (const guard of guards) {
      this.#guards.tell(guard);
      yield;
    }
    for (const entry of blocks) {
      this.#blocks.tell(entry);
      yield;
    }
    for (const binding of bindings) {
      if (binding.gate === HERE) this.#bindings.tell(binding);
      yield;
    }
  }

  /** Tells at once all that was not told yet, and waits until the others can know it, where that is within so long. */
  async flush(withinMs: number): Promise<void> {
    this.#tellCounts();
    const tables = [this.#blocks, this.#bindings, this.#guards];
    const told = Promise.all(tables.map((table) => table.flush()));
    if (this.#alone) return;
    await Promise.race([told, sleep(withinMs, undefined, { ref: false })]);
  }

  close(): void {
    clearInterval(this.#telling);
    clearTimeout(this.#tellSoon);
    for (const { deadline } of this.#asking.values()) clearTimeout(deadline);
  }

  #soon(): void {
    this.#tellSoon ??= setTimeout(() => this.#tellCounts(), TELL_EVERY_MS);
  }

  #tellCounts(): void {
    clearTimeout(this.#tellSoon);
    this.#tellSoon = undefined;
    if (this.#live.size > 0) this.#tell({ type: 'live', counts: [...this.#live] });
    if (this.#notes.length > 0) this.#tell({ type: 'notes', notes: this.#notes });
    this.#live.clear();
    this.#notes = [];
  }
}

const nothing: HeldByOthers = new Map();
