import { createHash } from 'node:crypto';
import type { Settings } from '../../config/settings.ts';
import type { EnforcementBatch, RefusedElsewhere } from '../../data/messages.ts';
import type { SlicedLists } from '../../data/sliced-lists.ts';
import type { Listener } from '../../edge/signaling.ts';
import type { Logger } from '../log.ts';
import { DroppedCounts } from './dropped-counts.ts';
import { allElements, changeCommands, passCommands } from './element-lines.ts';
import { type Endpoint, endpointsOf } from './endpoints.ts';
import { hooksFor } from './hooks.ts';
import type { KernelStatus } from './kernel-status.ts';
import { KernelTable } from './kernel-table.ts';
import { type ListedNetwork, listedIn } from './listed.ts';
import { lookAtNetwork } from './machine-network.ts';
import { Mirror } from './mirror.ts';
import { gist } from './nft.ts';
import { RefusedCounts } from './refused-counts.ts';
import { type Hook, type Ruleset, rulesetOf } from './ruleset.ts';
import { shapeOf } from './shape.ts';

type KernelParts = Pick<Settings, 'policy' | 'kernel' | 'drachtio'>;

export interface KernelOptions {
  readonly settings: KernelParts;
  readonly listeners: readonly Listener[];
  readonly lists: SlicedLists;
  /** Of the data directory, which is one process's alone: two gates on a machine have a table each. */
  readonly owner: string;
  /** Whether the data plane is to send batches; it begins with one that is fresh. */
  readonly want: (wanted: boolean) => void;
  /** The batch is in force. */
  readonly done: (batch: number) => void;
  readonly refused: (refused: readonly RefusedElsewhere[]) => void;
  readonly log: Logger;
}

const LOOK_EVERY_MS = 2000;
const TRY_AGAIN_MS = 30_000;
const COUNT_EVERY_MS = 60_000;
/** What a look at the table may take of the time, and what a count of everything in it. */
const LOOK_SHARE = 0.05;
const COUNT_SHARE = 0.01;
/** So quick a count is made whenever somebody asks. */
const QUICK_MS = 200;

/** What stands in the kernel now. */
interface Standing {
  /** The best that the machine had. */
  readonly wanted: Hook['at'];
  readonly hook: Hook;
  readonly ruleset: Ruleset;
  /** As nft lists it: another only when somebody else changed it. */
  readonly listed: string;
}

/**
 * Keeps a table of the kernel in step with the block list, so that most of a flood never reaches the process. The gate
 * judges every packet that comes through all the same: whatever goes wrong here costs speed and opens nothing.
 */
export class Kernel {
  readonly #options: KernelOptions;
  readonly #table: KernelTable;
  readonly #dropped = new DroppedCounts();
  readonly #counts: RefusedCounts;
  #settings: KernelParts;
  #mirror = new Mirror();
  #listed: readonly ListedNetwork[];
  #trusted: readonly string[] = [];
  #machine = lookAtNetwork();
  #standing: Standing | undefined;
  /** The data plane sends, and a table was begun. */
  #begun = false;
  #begunAt = 0;
  /** Not all is here yet that there was at the beginning. */
  #loading = false;
  #why: string | undefined;
  #repairs = 0;
  #turn: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #counting: Promise<void> | undefined;
  #countedAt = performance.now();
  #countTook = 0;
  #closed = false;

  constructor(options: KernelOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#listed = [...listedIn(options.lists)];
    const owner = createHash('sha256').update(options.owner).digest('hex').slice(0, 6);
    this.#table = new KernelTable(`drawbridge_${owner}`, () => {
      options.log.warn('nft -i ended; another one takes its place');
      this.#next(0);
    });
    this.#counts = new RefusedCounts(this.#table);
  }

  /** Tries, and tries again: nft may be installed later, or the right to use it given. */
  start(): void {
    this.#inTurn(() => this.#begin());
  }

  get status(): KernelStatus {
    const hook = this.#standing?.hook;
    const { blocked, unproven, listed, firm, known } = this.#mirror.counts;
    return {
      table: this.#table.name,
      hook: hook?.at ?? 'none',
      devices: hook?.at === 'ingress' ? hook.devices : [],
      why: this.#why,
      elements: { blocked, unproven, listed: listed + firm, known },
      dropped: this.#dropped.all,
      repairs: this.#repairs,
    };
  }

  follow(settings: KernelParts): void {
    this.#inTurn(async () => {
      const { mode } = this.#settings.kernel;
      this.#settings = settings;
      if (settings.kernel.mode === mode) return this.#reshape();
      await this.#end();
      await this.#begin();
    });
  }

  /** From the data plane. */
  take(batch: EnforcementBatch): void {
    this.#inTurn(async () => {
      if (!this.#begun) return;
      if (batch.fresh) {
        this.#mirror = new Mirror();
        this.#mirror.takeListed(this.#listed);
        this.#loading = true;
      }
      this.#trusted = batch.trusted ?? this.#trusted;
      const now = Date.now();
      const sets = this.#mirror.sets.length;
      const changes = this.#mirror.take(batch, now);
      if (this.#loading) {
        // in slices it would take several times as long
        if (batch.complete) await this.#loaded();
      } else {
        if (batch.trusted !== undefined || this.#mirror.sets.length !== sets) await this.#reshape();
        await this.#change(changeCommands(this.#table.name, changes, now));
      }
      await this.#change(passCommands(this.#table.name, batch.passes, now));
      this.#options.done(batch.batch);
    });
  }

  /** What lists name from now on, as it goes to the data plane. */
  takeLists(lists: SlicedLists): void {
    this.#listed = [...listedIn(lists)];
    this.#inTurn(async () => {
      if (!this.#begun) return;
      const sets = this.#mirror.sets.length;
      const changes = this.#mirror.takeListed(this.#listed);
      if (this.#loading) return;
      if (this.#mirror.sets.length !== sets) await this.#reshape();
      await this.#change(changeCommands(this.#table.name, changes, Date.now()));
    });
  }

  /** Tells how often those came that the kernel refused, unless that takes long. */
  async count(): Promise<void> {
    if (this.#countTook <= QUICK_MS) await this.#count();
  }

  /** Takes the table away. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#inTurn(() => this.#end());
    await this.#turn;
    this.#table.close();
  }

  /** One after the other: a look must not take a change of our own for somebody else's. */
  #inTurn(work: () => Promise<void> | void): void {
    this.#turn = this.#turn.then(work);
  }

  async #begin(): Promise<void> {
    if (this.#settings.kernel.mode === 'off') {
      this.#why = 'kernel.mode is off';
      return;
    }
    this.#machine = lookAtNetwork();
    if (this.#endpoints().length === 0)
      return this.#cannot('no listener for phones and strangers is on this machine');
    const { ok, problem } = await this.#table.probe();
    if (!ok) return this.#cannot(gist(problem));
    this.#begun = true;
    this.#begunAt = performance.now();
    // the table is made when all of it is here
    this.#options.want(true);
  }

  async #end(): Promise<void> {
    clearTimeout(this.#timer);
    this.#standing = undefined;
    if (!this.#begun) return;
    this.#begun = false;
    this.#options.want(false);
    await this.#table.remove();
  }

  async #loaded(): Promise<void> {
    this.#loading = false;
    await this.#install();
    if (this.#standing === undefined) return;
    const { blocked, unproven, known } = this.status.elements;
    const ms = Math.round(performance.now() - this.#begunAt);
    this.#options.log.info(
      { blocks: blocked + unproven, known, ms },
      'the kernel has the block list',
    );
  }

  async #cannot(why: string): Promise<void> {
    if (this.#why !== why)
      this.#options.log.warn({ why }, 'the kernel does not refuse for us; our sockets do');
    this.#why = why;
    await this.#end();
    this.#mirror = new Mirror();
    this.#next(TRY_AGAIN_MS);
  }

  /** Makes the table anew, at the earliest hook that will have it. */
  async #install(): Promise<void> {
    this.#machine = lookAtNetwork();
    const { hooks, why: leftOut } = hooksFor(this.#settings.kernel.mode, this.#machine);
    const { name } = this.#table;
    const mirror = this.#mirror;
    let why = leftOut;
    for (const hook of hooks) {
      const ruleset = this.#rulesetAt(hook);
      const now = Date.now();
      const elements = mirror.sets
        .values()
        .flatMap((set) => allElements(name, set, mirror.in(set), now));
      const { ok, problem } = await this.#table.install(ruleset, mirror.sets, elements);
      if (ok) {
        this.#dropped.begunAnew();
        this.#counts.begunAnew();
        await this.#stand({ wanted: hooks[0]?.at ?? hook.at, hook, ruleset }, why);
        return;
      }
      why = hook.at === 'ingress' ? `no ingress: ${gist(problem)}` : gist(problem);
    }
    await this.#cannot(why ?? 'there is no hook');
  }

  async #stand(made: Omit<Standing, 'listed'>, why: string | undefined): Promise<void> {
    const { hook } = made;
    const listing = await this.#table.list();
    if (listing === undefined) return this.#cannot('nft does not show what it made');
    if (this.#standing?.hook.at !== hook.at)
      this.#options.log.info(
        {
          table: this.#table.name,
          ...(hook.at === 'ingress' && { devices: hook.devices.join(' ') }),
          ...(why !== undefined && { why }),
        },
        `the kernel refuses for us, at ${hook.at}`,
      );
    this.#standing = { ...made, listed: listing.rules };
    this.#why = why;
    this.#next(LOOK_EVERY_MS);
  }

  /** The rules as they would have to be now; what is in the sets stays. */
  async #reshape(): Promise<void> {
    const standing = this.#standing;
    if (standing === undefined) return;
    const [best] = hooksFor(this.#settings.kernel.mode, this.#machine).hooks;
    if (best?.at !== standing.wanted) return this.#install();
    const hook = best.at === standing.hook.at ? best : standing.hook;
    const ruleset = this.#rulesetAt(hook);
    if (ruleset.text === standing.ruleset.text) return;
    const { ok } = await this.#table.reshape(standing.ruleset, ruleset, this.#mirror.sets);
    if (!ok) return this.#install();
    await this.#stand({ ...standing, hook, ruleset }, this.#why);
  }

  async #change(commands: readonly string[]): Promise<void> {
    if (commands.length === 0 || this.#standing === undefined) return;
    const problem = await this.#table.change(commands);
    if (problem !== '') await this.#repair(gist(problem));
  }

  async #repair(why: string): Promise<void> {
    this.#repairs++;
    this.#options.log.warn({ why }, 'the table in the kernel is made anew');
    await this.#install();
  }

  #endpoints(): readonly Endpoint[] {
    const ofServer = this.#settings.drachtio.servers.length > 0;
    return endpointsOf(this.#options.listeners, this.#machine, ofServer);
  }

  #rulesetAt(hook: Hook): Ruleset {
    const world = {
      ...{ policy: this.#settings.policy, endpoints: this.#endpoints() },
      ...{ machine: this.#machine, trusted: this.#trusted, sets: this.#mirror.sets },
    };
    return rulesetOf(this.#table.name, shapeOf(world, hook, Date.now()));
  }

  #next(inMs: number): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    const go = () => this.#inTurn(() => (this.#begun ? this.#look() : this.#begin()));
    this.#timer = setTimeout(go, inMs).unref();
  }

  /** Is it as we left it, and is that still right? */
  async #look(): Promise<void> {
    if (this.#standing === undefined || this.#loading) return;
    this.#mirror.forgetExpired(Date.now());
    const listing = await this.#table.list();
    if (listing === undefined) return this.#repair('it is gone');
    this.#dropped.read(listing.counters);
    if (listing.rules !== this.#standing.listed) return this.#repair('somebody changed its rules');
    if (!(await this.#table.hasCanaries(this.#mirror.sets)))
      return this.#repair('somebody emptied its sets');
    this.#machine = lookAtNetwork();
    await this.#reshape();
    this.#next(Math.max(LOOK_EVERY_MS, listing.tookMs / LOOK_SHARE));
    const countEvery = Math.max(COUNT_EVERY_MS, this.#countTook / COUNT_SHARE);
    if (performance.now() - this.#countedAt > countEvery) void this.#count();
  }

  #count(): Promise<void> {
    this.#counting ??= this.#countNow().finally(() => {
      this.#counting = undefined;
    });
    return this.#counting;
  }

  /** Not in turn: it may take seconds, and a block must not wait for it. */
  async #countNow(): Promise<void> {
    const standing = this.#standing;
    if (standing === undefined) return;
    const { refused, complete, tookMs } = await this.#counts.read(this.#mirror);
    this.#countedAt = performance.now();
    this.#countTook = tookMs;
    // one that was made meanwhile counts by itself
    if (this.#standing !== standing) return;
    if (refused.length > 0) this.#options.refused(refused);
    if (!complete) this.#inTurn(() => this.#repair('somebody took something out of its sets'));
  }
}
