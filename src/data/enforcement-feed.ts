import { PASS_MS } from '../edge/emergency-passes.ts';
import type { FamiliarSource } from '../edge/familiar-sources.ts';
import { formatSource } from '../edge/packed-address.ts';
import type { BlockChange, BlockEntry } from '../limits/block-entry.ts';
import type { EmergencyPass, EnforcedBlock, EnforcementBatch, Until } from './messages.ts';

/** What is true now, for whoever begins to refuse packets in front of us. */
export interface Enforced {
  blocks(): Iterable<BlockEntry>;
  familiar(): Iterable<FamiliarSource>;
  /** Where PBX and trunks are; the same object as long as that is the same. */
  trusted(): readonly string[];
}

export interface EnforcementFeedOptions {
  readonly send: (batch: EnforcementBatch) => void;
  readonly everyMs?: number;
  readonly rowsPerBatch?: number;
  /** Waiting at once; beyond, all is told anew. */
  readonly mostPending?: number;
}

const LOOK_EVERY_MS = 1000;
const NOT_ANY_MORE = 0;

/**
 * Tells whoever refuses packets before they reach us, as the kernel does, who is blocked, who is familiar and who is
 * to be left alone: first all of it in slices, then what changes, the last change of each. One batch is under way at a
 * time. Costs nothing as long as nobody wants it.
 */
export class EnforcementFeed {
  readonly #enforced: Enforced;
  readonly #options: Required<EnforcementFeedOptions>;
  readonly #blocks = new Map<string, EnforcedBlock>();
  readonly #familiar = new Map<string, Until>();
  #passes: EmergencyPass[] = [];
  /** What was true when it was first asked for, and is not told yet. */
  #backlog: Iterator<EnforcedBlock | FamiliarSource> | undefined;
  #trusted: readonly string[] | undefined;
  #batch = 0;
  #wanted = false;
  #fresh = false;
  #underWay = false;
  #timer: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;

  constructor(enforced: Enforced, options: EnforcementFeedOptions) {
    this.#enforced = enforced;
    this.#options = { everyMs: 10, rowsPerBatch: 5000, mostPending: 400_000, ...options };
  }

  /** From now on, beginning with all there is; or not any more. */
  want(wanted: boolean): void {
    this.#wanted = wanted;
    clearInterval(this.#looking);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#forget();
    if (!wanted) return;
    this.#beginAnew();
    this.#looking = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  /** All is told anew: the clock was set, and ends are other moments now. */
  tellAll(): void {
    if (this.#wanted) this.#beginAnew();
  }

  /** The batch of that number is in force. */
  done(batch: number): void {
    if (batch !== this.#batch) return;
    this.#underWay = false;
    if (this.#waiting) this.#later();
  }

  blockChanged({ kind, entry }: BlockChange): void {
    if (!this.#wanted) return;
    const stands = kind === 'added' || kind === 'changed';
    this.#blocks.set(
      entry.network,
      stands ? enforcedBlock(entry) : { ...enforcedBlock(entry), until: NOT_ANY_MORE },
    );
    this.#changed();
  }

  familiarChanged({ source, until }: FamiliarSource): void {
    if (!this.#wanted) return;
    this.#familiar.set(source, until);
    this.#changed();
  }

  emergencyPassed(address: string, port: number): void {
    if (!this.#wanted) return;
    this.#passes.push({ address, port, until: Date.now() + PASS_MS });
    this.#changed();
  }

  close(): void {
    this.want(false);
  }

  get #waiting(): boolean {
    const pending = this.#blocks.size + this.#familiar.size + this.#passes.length;
    const moved = this.#trusted !== this.#enforced.trusted();
    return this.#backlog !== undefined || pending > 0 || moved;
  }

  #changed(): void {
    if (this.#blocks.size + this.#familiar.size > this.#options.mostPending) this.#beginAnew();
    this.#later();
  }

  #look(): void {
    if (this.#waiting) this.#later();
  }

  #beginAnew(): void {
    this.#forget();
    this.#fresh = true;
    this.#backlog = everything(this.#enforced);
    this.#later();
  }

  #forget(): void {
    this.#blocks.clear();
    this.#familiar.clear();
    this.#passes = [];
    this.#backlog = undefined;
    this.#trusted = undefined;
    this.#fresh = false;
    this.#underWay = false;
  }

  #later(): void {
    if (this.#underWay || !this.#wanted) return;
    // what there was at the beginning is in a hurry
    const inMs = this.#backlog === undefined ? this.#options.everyMs : 0;
    this.#timer ??= setTimeout(() => this.#send(), inMs);
  }

  #send(): void {
    this.#timer = undefined;
    if (this.#underWay) return;
    const { rowsPerBatch } = this.#options;
    const blocks: EnforcedBlock[] = [];
    const familiar: FamiliarSource[] = [];
    let complete = false;
    for (const [network, block] of this.#blocks) {
      if (blocks.length >= rowsPerBatch) break;
      this.#blocks.delete(network);
      blocks.push(block);
    }
    for (const [source, until] of this.#familiar) {
      if (blocks.length + familiar.length >= rowsPerBatch) break;
      this.#familiar.delete(source);
      familiar.push({ source, until });
    }
    // what changed meanwhile was told above, or is still to come: it stands above this
    while (this.#backlog !== undefined && blocks.length + familiar.length < rowsPerBatch) {
      const next = this.#backlog.next();
      if (next.done === true) {
        this.#backlog = undefined;
        complete = true;
      } else if ('network' in next.value) blocks.push(next.value);
      else familiar.push(next.value);
    }
    const trusted = this.#enforced.trusted();
    const moved = trusted !== this.#trusted;
    this.#trusted = trusted;
    const passes = this.#passes;
    this.#passes = [];
    this.#underWay = true;
    this.#batch++;
    this.#options.send({
      batch: this.#batch,
      fresh: this.#fresh,
      complete,
      ...(moved && { trusted }),
      blocks,
      familiar: familiar.map(({ source, until }) => ({ network: formatSource(source), until })),
      passes,
    });
    this.#fresh = false;
  }
}

const enforcedBlock = ({ network, forgeable, until }: BlockEntry): EnforcedBlock => ({
  network,
  forgeable,
  until,
});

function* everything(enforced: Enforced): Generator<EnforcedBlock | FamiliarSource> {
  for (const block of enforced.blocks()) yield enforcedBlock(block);
  yield* enforced.familiar();
}
