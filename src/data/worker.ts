import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { parentPort } from 'node:worker_threads';
import { reasonOf } from '../config/reason-of.ts';
import { BindingChanges } from './binding-changes.ts';
import { BlockChanges } from './block-changes.ts';
import { createGate } from './create-gate.ts';
import { readLag } from './event-loop-lag.ts';
import type { Gate } from './gate.ts';
import { GateEvents } from './gate-events.ts';
import { GuardChanges } from './guard-changes.ts';
import { LogLines } from './log-lines.ts';
import type {
  Answer,
  DataPlaneInput,
  FromDataPlane,
  OfferedSockets,
  Question,
  ToDataPlane,
} from './messages.ts';
import { Sharing } from './sharing.ts';
import { joinLists } from './sliced-lists.ts';
import { joinSettings } from './sliced-settings.ts';
import { PER_TURN } from './told-in-parts.ts';
import { packEvents } from './written-event.ts';

/**
 * The data plane's thread. It does what the control plane says and reports back; what a packet waits for
 * never leaves it. An error nobody caught ends the thread, and with it the process: state is on disk,
 * and a gate that half works is worse than one that restarts.
 */

const port = parentPort;
if (!port) throw new Error('The data plane runs in a worker thread only.');
const tell = (message: FromDataPlane): void => port.postMessage(message);

const log = new LogLines((lines, lost) => tell({ type: 'log', lines, lost }));
const toDisk = { everyMs: 250, rowsPerBatch: 2000, mostPending: 400_000 } as const;
const changes = {
  bindings: new BindingChanges({
    ...toDisk,
    send(batch) {
      if (!handedOver) return tell({ type: 'bindings', ...batch });
      for (const row of batch.upserts) gate?.registeredLate(row);
      queueMicrotask(() => changes.bindings.stored(batch.batch));
    },
  }),
  blocks: new BlockChanges({
    ...toDisk,
    send(batch) {
      if (!handedOver) return tell({ type: 'blocks', ...batch });
      queueMicrotask(() => changes.blocks.stored(batch.batch));
    },
  }),
  guards: new GuardChanges({
    ...toDisk,
    send(batch) {
      if (!handedOver) return tell({ type: 'guards', ...batch });
      queueMicrotask(() => changes.guards.stored(batch.batch));
    },
  }),
};
const events = new GateEvents({
  send: (batch, lost) => tell({ type: 'events', events: packEvents(batch), lost }),
});
/** Each look wakes the thread, busy or not. */
const LAG_EVERY_MS = 20;
const delay = monitorEventLoopDelay({ resolution: LAG_EVERY_MS });

/** What was answered last may be asked for once more. */
const QUIET_MS = 3000;

/** At the end the other nodes are told what they do not know yet; a Redis that is slow keeps nobody for longer. */
const TELL_OTHERS_MS = 1000;

let gate: Gate | undefined;
let sharing: Sharing | undefined;
let draining = false;
/** The disk is another gate's. */
let handedOver = false;
let heartbeat: NodeJS.Timeout | undefined;
let waiting: NodeJS.Timeout | undefined;

async function start({
  settings,
  tokenKey,
  pinKey,
  registrations,
  blocks,
  guards,
  lists,
  inheritance,
}: DataPlaneInput) {
  log.setLevel(settings.log.level);
  const { servers, leaseMs } = settings.cluster.redis;
  if (servers.length > 0) sharing = new Sharing(tell, leaseMs);
  const listed = await joinLists(lists);
  try {
    gate = await createGate({
      settings,
      tokenKey: Buffer.from(tokenKey),
      pinKey,
      registrations,
      store: changes.bindings,
      blocks,
      blocksStore: changes.blocks,
      guards,
      guardsStore: changes.guards,
      sharing,
      inheritance,
      enforcement: (batch) => tell({ type: 'enforcement', ...batch }),
      log: log.add,
      event(event) {
        // whoever hears that the PBX answers may ask at once whether calls should come here
        beat();
        tell({ type: 'event', event });
      },
      events,
    });
  } catch (error) {
    log.add('debug', 'the gate could not be opened', { error });
    log.flush();
    tell({ type: 'failed', problem: reasonOf(error) });
    return;
  }
  gate.takeListed(listed);
  delay.enable();
  heartbeat = setInterval(beat, 1000);
  await gate.succeed();
  tell({ type: 'started', listeners: gate.listeners });
  beat();
}

function beat(): void {
  if (!gate) return;
  tell({
    type: 'stats',
    stats: {
      ...gate.stats(),
      eventLoop: readLag(delay, LAG_EVERY_MS),
      heapBytes: getHeapStatistics().used_heap_size,
      draining,
    },
  });
}

async function reload(sliced: Extract<ToDataPlane, { type: 'reload' }>): Promise<void> {
  const settings = await joinSettings(sliced);
  log.setLevel(settings.log.level);
  gate?.reload(settings);
  tell({ type: 'reloaded' });
}

async function takeLists(sliced: Extract<ToDataPlane, { type: 'lists' }>): Promise<void> {
  gate?.takeListed(await joinLists(sliced));
  tell({ type: 'listed' });
}

function drain(): void {
  if (draining) return;
  draining = true;
  gate?.drain();
  clearInterval(waiting);
  waiting = setInterval(() => {
    // calls of the gate before us need us too: it is not left alone
    if (gate && (gate.liveCalls() > 0 || gate.inherits())) return;
    clearInterval(waiting);
    tell({ type: 'drained' });
  }, 100);
}

async function handOver(link: string): Promise<void> {
  if (!gate) throw new Error('The gate is not open yet.');
  // without a successor we are what we were, but the disk is no longer ours: no new calls
  const boot = await gate.handOver(link, drain);
  gate.saveBlocksSeen();
  await flush();
  handedOver = true;
  tell({ type: 'handed-over', boot });
  if (draining) return;
  let lastBusy = performance.now();
  waiting = setInterval(() => {
    const now = performance.now();
    if (!gate || gate.letGo() > 0) lastBusy = now;
    if (now - lastBusy < QUIET_MS) return;
    clearInterval(waiting);
    tell({ type: 'drained' });
  }, 250);
}

async function stop(): Promise<void> {
  clearInterval(heartbeat);
  clearInterval(waiting);
  // What is known goes to disk first: closing may take so long that this thread is cut off.
  gate?.saveBlocksSeen();
  await flush();
  await gate?.close();
  events.close();
  await flush();
  await sharing?.flush(TELL_OTHERS_MS);
  sharing?.close();
  log.flush();
  tell({ type: 'stopped' });
  port?.close();
}

async function flush(): Promise<void> {
  await Promise.all(Object.values(changes).map((kept) => kept.flush()));
}

async function tellBlocks(query: number, { search, rows }: Asked<'blocks'>): Promise<void> {
  if (!gate) throw new Error('The gate is not open yet.');
  const found = await gate.blocks(search, rows, (part) =>
    tell({ type: 'found', query, part: { blocks: part } }),
  );
  tell({ type: 'answer', query, answer: { about: 'blocks', found } });
}

/** There may be a hundred thousand: packets pass between a few and the next. */
async function tellStatus(query: number, rows: number): Promise<void> {
  if (!gate) throw new Error('The gate is not open yet.');
  await gate.tellRows(rows, (part) => tell({ type: 'found', query, part }));
  const status = { ...gate.status(rows, 0), draining };
  tell({ type: 'answer', query, answer: { about: 'status', status } });
}

async function hangUp(query: number, { call, reason }: Asked<'hangup'>): Promise<void> {
  const ended = (await gate?.hangup(call, reason)) ?? 0;
  tell({ type: 'answer', query, answer: { about: 'hangup', ended } });
}

type Asked<About extends Question['about']> = Extract<Question, { readonly about: About }>;

function answer(question: Exclude<Question, Asked<'blocks' | 'hangup'>>): Answer {
  switch (question.about) {
    case 'status':
      if (!gate) throw new Error('The gate is not open yet.');
      return { about: 'status', status: { ...gate.status(question.rows), draining } };
    case 'explain':
      if (!gate) throw new Error('The gate is not open yet.');
      return { about: 'explain', answered: gate.explain(question.question, question.at) };
    case 'block':
      if (!gate) throw new Error('The gate is not open yet.');
      return { about: 'block', blocked: gate.block(question.order) };
    case 'unblock':
      return { about: 'unblock', lifted: gate?.unblock(question.network) };
    case 'guards':
      if (!gate) throw new Error('The gate is not open yet.');
      return { about: 'guards', guarded: gate.guards(question.rows) };
    case 'guard':
      if (!gate) throw new Error('The gate is not open yet.');
      return { about: 'guard', outcome: gate.guard(question.order) };
    case 'unguard':
      return { about: 'unguard', lifted: gate?.unguard(question.extension) };
    case 'sockets':
      return { about: 'sockets', sockets: offered() };
  }
}

function offered(): OfferedSockets {
  if (gate?.inherits()) return 'not yet ours';
  return gate?.descriptors() ?? 'not ours';
}

/** Work that nobody waits for; its failure must still be seen. */
function must(work: Promise<void>): void {
  work.catch((error: unknown) => {
    // Before anything else is done.
    queueMicrotask(() => {
      throw error;
    });
  });
}

port.on('message', (message: ToDataPlane) => {
  switch (message.type) {
    case 'start':
      return must(start(message));
    case 'reload':
      return must(reload(message));
    case 'lists':
      return must(takeLists(message));
    case 'drain':
      return drain();
    case 'hand-over':
      return must(handOver(message.link));
    case 'stop':
      return must(stop());
    case 'stored':
      return changes[message.kept].stored(message.batch);
    case 'told':
      return gate?.told(message);
    case 'others':
      sharing?.follow(message);
      return gate?.followNodes(message.nodes);
    case 'answered':
      return sharing?.answered(message.ask, message.held);
    case 'tell-all':
      return gate?.tellAll();
    case 'taken':
      return sharing?.taken(message.kind, message.batch);
    case 'enforce':
      return gate?.enforce(message.wanted);
    case 'enforced':
      return gate?.enforced(message.batch);
    case 'refused':
      return gate?.refusedElsewhere(message.refused);
    case 'query': {
      const { query, question } = message;
      if (question.about === 'blocks') return must(tellBlocks(query, question));
      if (question.about === 'hangup') return must(hangUp(query, question));
      if (question.about === 'status' && question.rows > PER_TURN)
        return must(tellStatus(query, question.rows));
      return tell({ type: 'answer', query, answer: answer(question) });
    }
  }
});
