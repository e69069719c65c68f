import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { Settings } from '../config/settings.ts';
import { isMemoryShort } from '../config/short-memory.ts';
import type { AnsweredLive } from '../edge/ask-live.ts';
import type { AskedPlace, HeldByOthers, Note } from '../edge/other-nodes.ts';
import type { EndReason, Listener } from '../edge/signaling.ts';
import type { BlockEntry, BlockOrder } from '../limits/block-entry.ts';
import type { Guard, GuardOrder } from '../limits/guards.ts';
import type { Question as Asked } from '../policy/asking/question.ts';
import { latestOf } from './blocks.ts';
import { CannotServe } from './cannot-serve.ts';
import type { DataPlaneStats } from './gate-stats.ts';
import type { GateStatus, GuardedExtensions } from './gate-status.ts';
import type {
  Answer,
  BindingBatch,
  BlockBatch,
  BlockOutcome,
  ClusterNode,
  DataPlaneInput,
  EnforcementBatch,
  FoundBlocks,
  FromDataPlane,
  GuardBatch,
  GuardOutcome,
  Kept,
  LiveCounts,
  LogLine,
  OfferedSockets,
  PbxEvent,
  Question,
  RefusedElsewhere,
  SharedBatch,
  ToDataPlane,
  Told,
} from './messages.ts';
import type { SlicedLists } from './sliced-lists.ts';
import { sliceSettings } from './sliced-settings.ts';
import { type Part, withParts } from './told-in-parts.ts';
import { adviceOn } from './why-not-open.ts';
import { unpackEvents, type WrittenEvent } from './written-event.ts';

/** What the main thread holds of the data plane. */
export interface DataPlane {
  readonly listeners: readonly Listener[];
  /** Resolves when they hold. One at a time. */
  reload(settings: Settings): Promise<void>;
  /** What lists name from now on. Resolves when it holds. One at a time. */
  takeLists(lists: SlicedLists): Promise<void>;
  /** No new calls; resolves when the last live one is over. */
  drain(): Promise<void>;
  sockets(): Promise<OfferedSockets>;
  /** See `ToDataPlane`. `done` resolves when what is here is over. */
  handOver(link: string): Promise<{ readonly boot: Uint8Array; readonly done: Promise<void> }>;
  /** Closes everything and stores what is left; false when that took too long and the thread was cut off. */
  stop(withinMs: number): Promise<boolean>;
  stored(kept: Kept, batch: number): void;
  told(told: Told): void;
  tellAll(): void;
  others(alone: boolean, nodes: readonly ClusterNode[]): void;
  answered(ask: number, held: HeldByOthers): void;
  taken(kind: SharedBatch['kind'], batch: number): void;
  /** Whether the observer's `enforcement` is to be told whom to refuse: all, then what changes. */
  enforce(wanted: boolean): void;
  enforced(batch: number): void;
  /** What was refused before it reached the data plane. */
  refused(refused: readonly RefusedElsewhere[]): void;
  status(rows: number): Promise<GateStatus>;
  /** What would become of such a request now. */
  explain(question: Asked, at: number): Promise<AnsweredLive>;
  blocks(search: string, rows: number): Promise<FoundBlocks>;
  block(order: BlockOrder): Promise<BlockOutcome>;
  /** The block that was there. */
  unblock(network: string): Promise<BlockEntry | undefined>;
  guards(rows: number): Promise<GuardedExtensions>;
  guard(order: GuardOrder): Promise<GuardOutcome>;
  /** The guard that was there. */
  unguard(extension: string): Promise<Guard | undefined>;
  /** How many calls were ended. */
  hangup(call: string | undefined, reason: EndReason): Promise<number>;
}

export interface DataPlaneObserver {
  log(lines: readonly LogLine[], lost: number): void;
  stats(stats: DataPlaneStats): void;
  bindings(batch: BindingBatch): void;
  blocks(batch: BlockBatch): void;
  guards(batch: GuardBatch): void;
  share(batch: SharedBatch): void;
  live(counts: LiveCounts): void;
  notes(notes: readonly Note[]): void;
  /** Answered by `answered`, soon or not at all. */
  ask(ask: number, places: readonly AskedPlace[]): void;
  enforcement(batch: EnforcementBatch): void;
  event(event: PbxEvent): void;
  events(events: readonly WrittenEvent[], lost: number): void;
  /** The thread ended without having been asked to. */
  crashed(error: Error): void;
}

/** Starts the worker thread and waits until its listeners are bound. */
export async function startDataPlane(
  input: DataPlaneInput,
  observer: DataPlaneObserver,
): Promise<DataPlane> {
  // So little outlives a collection of the young that waking threads to share it costs more than the copying.
  setFlagsFromString('--no-parallel-scavenge');
  // Where what one line makes often outlives the young, V8 makes all of it old from then on. A message that is made old
  // keeps its texts, Vias and transactions until the old are collected: six times as much was copied and promoted.
  setFlagsFromString('--no-allocation-site-pretenuring');
  const short = isMemoryShort();
  // The old are collected when there are so many more of them than were alive. While little time goes into that V8 takes
  // every few seconds for often enough, and each time those that wait do so for a twentieth of a second and more.
  setFlagsFromString(`--heap-growing-percent=${short ? 30 : 60}`);
  // What the process was started with (package.json) keeps this thread small, and would stand above what is said below.
  setFlagsFromString('--max-semi-space-size=0');
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    name: 'data-plane',
    // it closes descriptors that the process began with
    trackUnmanagedFds: false,
    // Messages die young by the thousand. A semi-space of 16 MB (a third of this) lets them, unpromoted; in a larger
    // one more is alive when it is full, and a collection that takes longer holds up more of those that wait. In 8 MB
    // calls cost a tenth more.
    resourceLimits: { maxYoungGenerationSizeMb: short ? 24 : 48 },
  });
  const tell = (message: ToDataPlane): void => worker.postMessage(message);
  const questions = new Map<
    number,
    {
      readonly ahead: Part[];
      resolve(answer: Answer): void;
      reject(error: Error): void;
    }
  >();
  const started = Promise.withResolvers<readonly Listener[]>();
  let reloaded = Promise.withResolvers<void>();
  let listed = Promise.withResolvers<void>();
  const drained = Promise.withResolvers<void>();
  const handed = Promise.withResolvers<Uint8Array>();
  const ended = Promise.withResolvers<void>();
  let lastQuery = 0;
  let stopping = false;
  let serving = false;
  let problem: Error | undefined;

  worker.on('message', (message: FromDataPlane) => {
    switch (message.type) {
      case 'started':
        serving = true;
        return started.resolve(message.listeners);
      case 'failed':
        stopping = true;
        return started.reject(new CannotServe(`${message.problem}.${adviceOn(message.problem)}`));
      case 'log':
        return observer.log(message.lines, message.lost);
      case 'stats':
        return observer.stats(message.stats);
      case 'bindings':
        return observer.bindings(message);
      case 'blocks':
        return observer.blocks(message);
      case 'guards':
        return observer.guards(message);
      case 'share':
        return observer.share(message.batch);
      case 'live':
        return observer.live(message.counts);
      case 'notes':
        return observer.notes(message.notes);
      case 'ask':
        return observer.ask(message.ask, message.places);
      case 'enforcement':
        return observer.enforcement(message);
      case 'event':
        return observer.event(message.event);
      case 'events':
        return observer.events(unpackEvents(message.events), message.lost);
      case 'found':
        questions.get(message.query)?.ahead.push(message.part);
        return;
      case 'answer': {
        const asked = questions.get(message.query);
        asked?.resolve(withParts(message.answer, asked.ahead));
        questions.delete(message.query);
        return;
      }
      case 'reloaded':
        return reloaded.resolve();
      case 'listed':
        return listed.resolve();
      case 'drained':
        return drained.resolve();
      case 'handed-over':
        return handed.resolve(message.boot);
      case 'stopped':
        return;
    }
  });
  worker.on('error', (error) => {
    problem = error instanceof Error ? error : new Error(String(error));
  });
  worker.on('exit', (code) => {
    const gone = problem ?? new Error(`The data plane's thread ended with code ${code}.`);
    for (const { reject } of questions.values()) reject(gone);
    questions.clear();
    if (!serving) started.reject(gone);
    if (serving && !stopping) observer.crashed(gone);
    // Nobody waits for a thread that is gone.
    reloaded.resolve();
    listed.resolve();
    ended.resolve();
  });

  const ask = (question: Question): Promise<Answer> =>
    new Promise((resolve, reject) => {
      lastQuery++;
      questions.set(lastQuery, { ahead: [], resolve, reject });
      tell({ type: 'query', query: lastQuery, question });
    });

  tell({ type: 'start', ...input });
  let listeners: readonly Listener[];
  try {
    listeners = await started.promise;
  } catch (error) {
    await worker.terminate();
    throw error;
  }

  return {
    listeners,
    reload(settings) {
      reloaded = Promise.withResolvers();
      const sliced = sliceSettings(settings);
      worker.postMessage(
        { type: 'reload', ...sliced } satisfies ToDataPlane,
        sliced.extensions.map(({ buffer }) => buffer),
      );
      return reloaded.promise;
    },
    takeLists(lists) {
      listed = Promise.withResolvers();
      worker.postMessage(
        { type: 'lists', ...lists } satisfies ToDataPlane,
        lists.networks.map(({ buffer }) => buffer),
      );
      return listed.promise;
    },
    drain() {
      tell({ type: 'drain' });
      return drained.promise;
    },
    async sockets() {
      const answer = await ask({ about: 'sockets' });
      if (answer.about !== 'sockets') throw new Error('The data plane answered another question.');
      return answer.sockets;
    },
    async handOver(link) {
      tell({ type: 'hand-over', link });
      return { boot: await handed.promise, done: drained.promise };
    },
    async stop(withinMs) {
      stopping = true;
      let inTime = true;
      const tooLong = setTimeout(() => {
        inTime = false;
        void worker.terminate();
      }, withinMs);
      tell({ type: 'stop' });
      await ended.promise;
      clearTimeout(tooLong);
      return inTime && problem === undefined;
    },
    stored: (kept, batch) => tell({ type: 'stored', kept, batch }),
    told: (told) => tell({ type: 'told', ...told }),
    tellAll: () => tell({ type: 'tell-all' }),
    others: (alone, nodes) => tell({ type: 'others', alone, nodes }),
    answered: (ask, held) => tell({ type: 'answered', ask, held }),
    taken: (kind, batch) => tell({ type: 'taken', kind, batch }),
    enforce: (wanted) => tell({ type: 'enforce', wanted }),
    enforced: (batch) => tell({ type: 'enforced', batch }),
    refused: (refused) => tell({ type: 'refused', refused }),
    async status(rows) {
      const answer = await ask({ about: 'status', rows });
      if (answer.about !== 'status') throw new Error('The data plane answered another question.');
      return answer.status;
    },
    async explain(question, at) {
      const answer = await ask({ about: 'explain', question, at });
      if (answer.about !== 'explain') throw new Error('The data plane answered another question.');
      return answer.answered;
    },
    async blocks(search, rows) {
      const answer = await ask({ about: 'blocks', search, rows });
      if (answer.about !== 'blocks') throw new Error('The data plane answered another question.');
      return { ...answer.found, rows: latestOf(answer.found.rows, rows) };
    },
    async block(order) {
      const answer = await ask({ about: 'block', order });
      if (answer.about !== 'block') throw new Error('The data plane answered another question.');
      return answer.blocked;
    },
    async unblock(network) {
      const answer = await ask({ about: 'unblock', network });
      if (answer.about !== 'unblock') throw new Error('The data plane answered another question.');
      return answer.lifted;
    },
    async guards(rows) {
      const answer = await ask({ about: 'guards', rows });
      if (answer.about !== 'guards') throw new Error('The data plane answered another question.');
      return answer.guarded;
    },
    async guard(order) {
      const answer = await ask({ about: 'guard', order });
      if (answer.about !== 'guard') throw new Error('The data plane answered another question.');
      return answer.outcome;
    },
    async unguard(extension) {
      const answer = await ask({ about: 'unguard', extension });
      if (answer.about !== 'unguard') throw new Error('The data plane answered another question.');
      return answer.lifted;
    },
    async hangup(call, reason) {
      const answer = await ask({ about: 'hangup', call, reason });
      if (answer.about !== 'hangup') throw new Error('The data plane answered another question.');
      return answer.ended;
    },
  };
}
