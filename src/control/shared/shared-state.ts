import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { ClusterSettings } from '../../config/settings.ts';
import type { ClusterNode, LiveCounts, SharedBatch, Told } from '../../data/messages.ts';
import type { AskedPlace, HeldByOthers, Note } from '../../edge/other-nodes.ts';
import type { Logger } from '../log.ts';
import { clockOff } from './clock-off.ts';
import { DrachtioBlacklist } from './drachtio-blacklist.ts';
import { LiveCalls } from './live-calls.ts';
import { openRedis, type RedisClient } from './redis-client.ts';
import { beat } from './scripts.ts';
import { SharedNotes } from './shared-notes.ts';
import {
  bindingsIn,
  blocksIn,
  guardsIn,
  rowOfBinding,
  rowOfBlock,
  rowOfGone,
  rowOfGuard,
  rowOfLifted,
  rowOfUnguarded,
} from './shared-rows.ts';
import { SharedTable } from './shared-table.ts';
import { whyRedis } from './why-redis.ts';

/** A connection may take so long to be made before Redis counts as lost. */
const PATIENCE_MS = 2000;

/** A node that gave no sign for so long is lost. */
const SILENT_MS = 5000;

/** Times say which of two changes holds, and until when: what is off by more is said, until it is off by half of that. */
const CLOCK_OFF_MS = 2000;

/** What this node knows of the others, and the others of it. */
export interface ClusterStatus {
  readonly node: string;
  /** Redis is reached, and what others say arrives. */
  readonly connected: boolean;
  /** Why not; since when, in milliseconds since 1970. */
  readonly why: string | undefined;
  readonly since: number;
  readonly nodes: readonly ClusterNode[];
  /** How much later it is here than it is for Redis, in milliseconds; 0 where that is not worth a word. */
  readonly clockOffMs?: number;
}

export interface SharedStateOptions {
  readonly cluster: ClusterSettings;
  /** What makes this process that node: the same after a restart. */
  readonly identity: string;
  readonly log: Logger;
  /** What others did, for the data plane. */
  told(told: Told): void;
  /** The data plane is to tell all that it has. */
  tellAll(): void;
  taken(kind: SharedBatch['kind'], batch: number): void;
  /** Who the other nodes are, and whether they can be asked. */
  others(alone: boolean, nodes: readonly ClusterNode[]): void;
  answered(ask: number, held: HeldByOthers): void;
  /** Redis was lost or is back, or a node came or went. */
  changed(status: ClusterStatus, what: string): void;
}

/** What nodes share, through Redis. Whatever fails here is said and counted, and the gate serves on from memory. */
export interface SharedState {
  readonly status: ClusterStatus;
  readonly errors: number;
  /** How often calls asked for places. */
  readonly asked: { readonly answered: number; readonly failed: number };
  /** A batch that the data plane wants the others to know. It is held until Redis has it. */
  share(batch: SharedBatch): void;
  /** So many calls are live here under these keys. */
  live(counts: LiveCounts): void;
  /** What counts on all nodes. */
  notes(notes: readonly Note[]): void;
  /** A call asks for its places; `answered` is told, or nobody where Redis is silent. */
  ask(ask: number, places: readonly AskedPlace[]): void;
  close(): Promise<void>;
}

const living = z.array(z.string());

export const openSharedState = (options: SharedStateOptions): SharedState => new OverRedis(options);

class OverRedis implements SharedState {
  readonly #options: SharedStateOptions;
  readonly #redis: RedisClient;
  readonly #blocks: SharedTable;
  readonly #bindings: SharedTable;
  readonly #guards: SharedTable;
  readonly #live: LiveCalls;
  readonly #failures: SharedNotes;
  readonly #calls: SharedNotes;
  readonly #blacklist: DrachtioBlacklist | undefined;
  /** Batches that Redis does not have yet; the data plane sends no other of its kind meanwhile. */
  readonly #held: {
    blocks?: Extract<SharedBatch, { kind: 'blocks' }> | undefined;
    bindings?: Extract<SharedBatch, { kind: 'bindings' }> | undefined;
    guards?: Extract<SharedBatch, { kind: 'guards' }> | undefined;
  } = {};
  #timer: NodeJS.Timeout | undefined;
  #connected = false;
  /** What the client last complained of: says more than that a command found no connection. */
  #problem: unknown;
  #why: string | undefined = 'it was not reached yet';
  readonly #process = randomBytes(8).toString('hex');
  /** Redis has heard of this process. */
  #wasThere = false;
  readonly #openedAt = Date.now();
  #since = this.#openedAt;
  #nodes: readonly ClusterNode[] = [];
  /** Who was there when Redis was lost, and how long it may take them to find it again: by `performance.now()`. */
  #awaited: ReadonlySet<string> = new Set();
  #awaitedUntil = 0;
  #told: Pick<ClusterStatus, 'nodes'> & { readonly alone: boolean } = { alone: true, nodes: [] };
  /** How much later it is here than for Redis, at least; and as much of that as was said. */
  #ahead = 0;
  #clockOffMs = 0;
  #closing = false;
  #busy = false;
  #hurried = false;
  #working: Promise<void> = Promise.resolve();
  errors = 0;
  readonly asked = { answered: 0, failed: 0 };

  constructor(options: SharedStateOptions) {
    this.#options = options;
    const { redis, node } = options.cluster;
    this.#redis = openRedis(redis, (error) => {
      this.#problem = error;
    });
    this.#blocks = new SharedTable(this.#redis, redis.prefix, 'blocks', node.name);
    this.#bindings = new SharedTable(this.#redis, redis.prefix, 'bindings', node.name);
    this.#guards = new SharedTable(this.#redis, redis.prefix, 'guards', node.name);
    this.#failures = new SharedNotes(this.#redis, redis.prefix, 'failures', {
      entries: 50_000,
      bytes: 32_000_000,
    });
    this.#calls = new SharedNotes(this.#redis, redis.prefix, 'calls', {
      entries: 10_000,
      bytes: 16_000_000,
    });
    this.#live = new LiveCalls(this.#redis, redis.prefix, node.name);
    const { drachtioBlacklist } = redis;
    this.#blacklist =
      drachtioBlacklist === null
        ? undefined
        : new DrachtioBlacklist(this.#redis, drachtioBlacklist);
    this.#later(0);
  }

  get status(): ClusterStatus {
    return {
      node: this.#options.cluster.node.name,
      connected: this.#connected,
      why: this.#why,
      since: this.#since,
      nodes: this.#nodes,
      clockOffMs: this.#clockOffMs,
    };
  }

  share(batch: SharedBatch): void {
    if (batch.kind === 'blocks') this.#held.blocks = batch;
    else if (batch.kind === 'bindings') this.#held.bindings = batch;
    else this.#held.guards = batch;
    this.#hurry();
  }

  live(counts: LiveCounts): void {
    this.#live.set(counts);
    this.#hurry();
  }

  notes(notes: readonly Note[]): void {
    this.#failures.add(notes.filter(({ kind }) => kind !== 'call'));
    this.#calls.add(notes.filter(({ kind }) => kind === 'call'));
    this.#hurry();
  }

  ask(ask: number, places: readonly AskedPlace[]): void {
    const { answered } = this.#options;
    this.#live
      .take(
        places,
        this.#nodes.map(({ name }) => name),
      )
      .then(
        (held) => {
          this.asked.answered++;
          answered(ask, held);
        },
        () => {
          this.asked.failed++;
          answered(ask, undefined);
        },
      );
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    await this.#working;
    if (this.#connected && this.#hurried) await this.#exchange(); // what was told last
    if (this.#connected) await this.#live.leave().catch(() => {}); // they vanish in ten seconds
    this.#redis.close();
  }

  /** There is something to tell: now, or right after what is under way. */
  #hurry(): void {
    if (!this.#connected) return;
    this.#hurried = true;
    if (!this.#busy) this.#later(0);
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#closing) return;
    this.#timer = setTimeout(() => {
      this.#working = this.#working.then(() => this.#exchange());
    }, ms);
  }

  /** All news, both ways. Never rejects. */
  async #exchange(): Promise<void> {
    this.#busy = true;
    this.#hurried = false;
    try {
      const nodes = await this.#beat();
      const wasConnected = this.#connected;
      if (!wasConnected) {
        this.#options.tellAll();
        this.#live.tellAgain();
      }
      await this.#live.exchange();
      const lost = [
        await this.#exchangeBlocks(),
        await this.#exchangeBindings(),
        await this.#exchangeGuards(),
      ];
      const streams = [this.#failures, this.#calls];
      if (lost.includes(true)) {
        this.#options.tellAll();
        for (const stream of streams) stream.hearAgain();
      }
      for (const stream of streams)
        await stream.exchange((notes) => this.#options.told({ what: 'notes', notes }));
      this.#follow(nodes);
      if (!wasConnected) this.#found();
      this.#tellOthers();
      this.#compareClocks();
    } catch (error) {
      this.errors++;
      this.#lost(whyRedis(error, this.#problem));
    }
    this.#busy = false;
    this.#later(this.#hurried && this.#connected ? 0 : this.#options.cluster.redis.exchangeMs);
  }

  async #exchangeBlocks(): Promise<boolean> {
    const held = this.#held.blocks;
    const { upserts = [], deletes = [] } = held ?? {};
    const changes = [...upserts.map(rowOfBlock), ...deletes.map(rowOfLifted)];
    const lost = await this.#blocks.exchange(changes, (rows) =>
      this.#options.told({ what: 'blocks', ...blocksIn(rows) }),
    );
    await this.#blacklist?.follow(upserts, deletes);
    if (held !== undefined) {
      this.#held.blocks = undefined;
      this.#options.taken('blocks', held.batch);
    }
    return lost;
  }

  async #exchangeBindings(): Promise<boolean> {
    const { name } = this.#options.cluster.node;
    const held = this.#held.bindings;
    const { upserts = [], deletes = [] } = held ?? {};
    const changes = [
      ...upserts.map((binding) => rowOfBinding(binding, name)),
      ...deletes.map(rowOfGone),
    ];
    const lost = await this.#bindings.exchange(changes, (rows) =>
      this.#options.told({ what: 'bindings', ...bindingsIn(rows, name) }),
    );
    if (held !== undefined) {
      this.#held.bindings = undefined;
      this.#options.taken('bindings', held.batch);
    }
    return lost;
  }

  async #exchangeGuards(): Promise<boolean> {
    const held = this.#held.guards;
    const { upserts = [], deletes = [] } = held ?? {};
    const changes = [...upserts.map(rowOfGuard), ...deletes.map(rowOfUnguarded)];
    const lost = await this.#guards.exchange(changes, (rows) =>
      this.#options.told({ what: 'guards', ...guardsIn(rows) }),
    );
    if (held !== undefined) {
      this.#held.guards = undefined;
      this.#options.taken('guards', held.batch);
    }
    return lost;
  }

  async #beat(): Promise<readonly ClusterNode[]> {
    const { cluster, identity } = this.#options;
    const { name, uri } = cluster.node;
    const about = JSON.stringify({ uri, process: this.#process });
    const key = `${cluster.redis.prefix}:{nodes}`;
    const asked = Date.now();
    const [time = '', ...told] = living.parse(
      await this.#redis.run(
        beat,
        [key],
        [...[name, identity, about, SILENT_MS], ...[this.#process, this.#wasThere ? 1 : 0]],
      ),
    );
    this.#wasThere = true;
    const [earliest, latest] = [asked - Number(time), Date.now() - Number(time)];
    this.#ahead = earliest > 0 ? earliest : Math.min(latest, 0);
    const nodes: ClusterNode[] = [];
    for (let at = 0; at + 1 < told.length; at += 2) {
      const other = told[at] ?? '';
      if (other !== name) nodes.push({ name: other, uri: uriIn(told[at + 1] ?? '') });
    }
    return nodes.toSorted((one, other) => one.name.localeCompare(other.name));
  }

  #compareClocks(): void {
    const was = this.#clockOffMs;
    const most = was === 0 ? CLOCK_OFF_MS : CLOCK_OFF_MS / 2;
    this.#clockOffMs = Math.abs(this.#ahead) > most ? this.#ahead : 0;
    if ((was === 0) === (this.#clockOffMs === 0)) return;
    const { log, changed } = this.#options;
    const off = clockOff(this.#clockOffMs);
    if (off === undefined) log.info('the clock of this node is right again');
    else log.warn(off);
    changed(this.status, off ?? 'the clock of this node is right again');
  }

  #follow(nodes: readonly ClusterNode[]): void {
    const before = this.#nodes;
    this.#nodes = nodes;
    const has = (list: readonly ClusterNode[], name: string) =>
      list.some((one) => one.name === name);
    for (const { name } of nodes)
      if (!has(before, name)) this.#options.changed(this.status, `node ${name} is there`);
    for (const { name } of before)
      if (!has(nodes, name)) this.#options.changed(this.status, `node ${name} is lost`);
  }

  /**
   * Whether they can be asked. Not while one that was there is not back yet: a Redis that began anew knows of none of its
   * calls, and whoever found it first would take all places for free.
   */
  #tellOthers(): void {
    const awaits =
      performance.now() < this.#awaitedUntil &&
      !this.#awaited.isSubsetOf(new Set(this.#nodes.map(({ name }) => name)));
    const now = { alone: !this.#connected || awaits, nodes: this.#nodes };
    if (isDeepStrictEqual(now, this.#told)) return;
    this.#told = now;
    this.#options.others(now.alone, now.nodes);
  }

  #found(): void {
    this.#connected = true;
    this.#problem = undefined;
    this.#why = undefined;
    this.#since = Date.now();
    this.#awaitedUntil = performance.now() + SILENT_MS;
    this.#options.log.info({ nodes: this.#nodes.map(({ name }) => name) }, 'Redis is reached');
    this.#options.changed(this.status, 'Redis is reached');
  }

  #lost(why: string): void {
    const was = this.#connected;
    if (!was && (this.#why === why || Date.now() - this.#openedAt < PATIENCE_MS)) return;
    this.#connected = false;
    this.#why = why;
    if (was) {
      this.#since = Date.now();
      const before = performance.now() < this.#awaitedUntil ? this.#awaited : [];
      this.#awaited = new Set([...before, ...this.#nodes.map(({ name }) => name)]);
      this.#tellOthers();
    }
    this.#options.log.error(
      { why },
      'Redis is lost: this node serves on from memory, and others are told when it is back',
    );
    if (was) this.#options.changed(this.status, `Redis is lost: ${why}`);
  }
}

const about = z.object({ uri: z.string().optional() });

function uriIn(text: string): string | undefined {
  try {
    return about.parse(JSON.parse(text)).uri;
  } catch {
    return undefined;
  }
}
