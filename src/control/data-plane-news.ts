import type { DataPlaneObserver } from '../data/data-plane.ts';
import type { DataPlaneStats } from '../data/gate-stats.ts';
import type {
  BindingBatch,
  BlockBatch,
  EnforcementBatch,
  GuardBatch,
  LiveCounts,
  LogLine,
  PbxEvent,
  SharedBatch,
} from '../data/messages.ts';
import type { WrittenEvent } from '../data/written-event.ts';
import type { AskedPlace, Note } from '../edge/other-nodes.ts';
import type { Heartbeat } from './health.ts';
import type { Logger } from './log.ts';
import { announce, recorded } from './pbx-news.ts';
import type { Present } from './present.ts';
import { fault } from './recorded-news.ts';
import type { Records } from './records.ts';

export interface DataPlaneNewsOptions {
  readonly records: Records;
  readonly present: Present;
  /** The thread is no more. */
  readonly crashed: () => void;
  readonly log: Logger;
}

/** Passes on what the data plane says, each to whom it concerns, and keeps the latest of how it is. */
export class DataPlaneNews implements DataPlaneObserver {
  /** Undefined before the first. */
  heartbeat: Heartbeat | undefined;
  lostLogLines = 0;
  readonly #options: DataPlaneNewsOptions;

  constructor(options: DataPlaneNewsOptions) {
    this.#options = options;
  }

  log(lines: readonly LogLine[], lost: number): void {
    const { log } = this.#options;
    for (const { level, message, fields } of lines) log[level](fields, message);
    this.lostLogLines += lost;
    if (lost > 0) log.warn({ lost }, 'log lines were too many and are lost');
  }

  stats(stats: DataPlaneStats): void {
    this.heartbeat = { stats, at: performance.now() };
  }

  bindings(batch: BindingBatch): void {
    this.#options.records.store.write(batch);
  }

  blocks(batch: BlockBatch): void {
    this.#options.records.store.writeBlocks(batch);
  }

  guards(batch: GuardBatch): void {
    this.#options.records.store.writeGuards(batch);
  }

  share(batch: SharedBatch): void {
    this.#options.present.shared?.share(batch);
  }

  live(counts: LiveCounts): void {
    this.#options.present.shared?.live(counts);
  }

  notes(notes: readonly Note[]): void {
    this.#options.present.shared?.notes(notes);
  }

  ask(ask: number, places: readonly AskedPlace[]): void {
    this.#options.present.shared?.ask(ask, places);
  }

  enforcement(batch: EnforcementBatch): void {
    this.#options.present.kernel?.take(batch);
  }

  event(event: PbxEvent): void {
    announce(this.#options.log, event);
    this.#options.records.record(recorded(event));
  }

  events(events: readonly WrittenEvent[], lost: number): void {
    this.#options.records.recordAll(events, lost);
  }

  crashed({ stack, message }: Error): void {
    const { log, records, crashed } = this.#options;
    log.error({ stack }, 'the data plane crashed; the process ends so that it is restarted');
    records.record(fault(`the data plane crashed: ${message}`));
    crashed();
  }
}
