import { performance } from 'node:perf_hooks';

const SLOTS = 256;
const LEVELS = 3;
/** Beyond this many ticks a timer waits in the outermost slot and is looked at again when that comes up. */
const FARTHEST = SLOTS ** LEVELS - 1;
const WORDS = SLOTS / 32;
/** So that a burst that fell due during a stall does not keep the sockets waiting. */
const RUN_PER_TURN = 4096;
/** Node turns a longer timeout into one millisecond. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

/** What `start` hands out. It may be stopped and restarted any number of times. */
export interface Timer {
  /** True from `start` or `restart` until it runs or is stopped. */
  readonly armed: boolean;
}

export interface TimerWheel {
  /** How many timers are armed. */
  readonly size: number;
  /** Runs `run(owner)` once, no sooner than in `delayMs` and at most about a tick later. */
  start<Owner>(delayMs: number, run: (owner: Owner) => void, owner: Owner): Timer;
  /** Arms a timer anew, whether or not it is armed or has run; nothing is allocated. */
  restart(timer: Timer, delayMs: number): void;
  /** No effect on a timer that is not armed. */
  stop(timer: Timer): void;
  /** Runs all that is due at `nowMs`. The wheel does this by itself; only tests need to call it. */
  advance(nowMs: number): void;
  /** Forgets every timer. What is started afterwards never runs. */
  close(): void;
}

export interface TimerWheelOptions {
  /** A clock that never goes back, in milliseconds. */
  readonly now?: () => number;
  /** A callback threw. The other timers are run all the same. */
  readonly onFault: (problem: unknown) => void;
}

/** A ring element: linked to itself when in no list, so that unlinking needs no test. */
class Entry implements Timer {
  next: Entry = this;
  previous: Entry = this;
  deadline = 0;
  slot = -1;
  readonly run: (owner: unknown) => void;
  readonly owner: unknown;

  constructor(run: (owner: unknown) => void, owner: unknown) {
    this.run = run;
    this.owner = owner;
  }

  get armed(): boolean {
    return this.next !== this;
  }
}

const nothing = (): void => {};
const TICK_MS = 10;
const DUE = -1;

/**
 * Every timer of the engine, on one Node timer that sleeps until something is due and stops when nothing is.
 *
 * A hierarchical wheel: slots of 1, 256 and 65,536 ticks. Arming and stopping cost the same however many are
 * armed; a bitmap of slots in use lets it leap over time in which nothing happens. It never holds the process
 * alive: sockets do that.
 */
export function createTimerWheel(options: TimerWheelOptions): TimerWheel {
  const { now = () => performance.now(), onFault } = options;
  const origin = now();
  const slots = Array.from({ length: SLOTS * LEVELS }, () => new Entry(nothing, undefined));
  const used = new Int32Array(WORDS * LEVELS);
  const due = new Entry(nothing, undefined);

  let size = 0;
  /** The last tick all of whose timers were moved to `due`. */
  let current = 0;
  let running = false;
  let closed = false;
  let sleep: NodeJS.Timeout | undefined;
  let sleepsUntil = Number.POSITIVE_INFINITY;
  let resume: NodeJS.Immediate | undefined;

  const slotAt = (index: number): Entry => slots[index] as Entry;

  function append(list: Entry, timer: Entry): void {
    const last = list.previous;
    timer.previous = last;
    timer.next = list;
    last.next = timer;
    list.previous = timer;
  }

  /** Returns the tick at which the slot it went into comes up. Shifts wrap after 497 days; slots do too, so it fits. */
  function place(timer: Entry): number {
    const { deadline } = timer;
    const delta = deadline - current;
    let slot: number;
    let comesUp: number;
    if (delta < SLOTS) {
      slot = deadline & 255;
      comesUp = deadline;
    } else if (delta < SLOTS * SLOTS) {
      slot = SLOTS + ((deadline >>> 8) & 255);
      comesUp = deadline - (deadline & 0xff);
    } else {
      const at = delta > FARTHEST ? current + FARTHEST : deadline;
      slot = 2 * SLOTS + ((at >>> 16) & 255);
      comesUp = at - (at & 0xffff);
    }
    timer.slot = slot;
    const word = slot >>> 5;
    used[word] = (used[word] as number) | (1 << (slot & 31));
    append(slotAt(slot), timer);
    return comesUp;
  }

  function markEmpty(slot: number): void {
    const word = slot >>> 5;
    used[word] = (used[word] as number) & ~(1 << (slot & 31));
  }

  function unlink(timer: Entry): void {
    const { next, previous, slot } = timer;
    previous.next = next;
    next.previous = previous;
    timer.next = timer;
    timer.previous = timer;
    if (slot !== DUE && next === previous) markEmpty(slot);
    timer.slot = DUE;
  }

  /** How many slots of a level, 1 to 256, until one in use comes up; 0 if none is. */
  function distance(level: number, from: number): number {
    const start = (from + 1) & 255;
    for (let step = 0; step <= WORDS; step++) {
      const word = ((start >>> 5) + step) & (WORDS - 1);
      let bits = used[level * WORDS + word] as number;
      if (step === 0) bits &= -1 << (start & 31);
      if (bits !== 0) {
        const slot = word * 32 + 31 - Math.clz32(bits & -bits);
        return ((slot - start) & 255) + 1;
      }
    }
    return 0;
  }

  function nextTick(): number {
    const near = distance(0, current & 255);
    const middle = distance(1, (current >>> 8) & 255);
    const far = distance(2, (current >>> 16) & 255);
    let tick = Number.POSITIVE_INFINITY;
    if (near > 0) tick = current + near;
    if (middle > 0) tick = Math.min(tick, current - (current & 0xff) + middle * 0x100);
    if (far > 0) tick = Math.min(tick, current - (current & 0xffff) + far * 0x10000);
    return tick;
  }

  function spread(slot: number): void {
    const list = slotAt(slot);
    let timer = list.next;
    list.next = list;
    list.previous = list;
    markEmpty(slot);
    while (timer !== list) {
      const { next } = timer;
      place(timer);
      timer = next;
    }
  }

  function collect(slot: number): void {
    const list = slotAt(slot);
    while (list.next !== list) {
      const timer = list.next;
      unlink(timer);
      append(due, timer);
    }
  }

  function enter(tick: number): void {
    current = tick;
    if ((tick & 0xffff) === 0) spread(2 * SLOTS + ((tick >>> 16) & 255));
    if ((tick & 0xff) === 0) spread(SLOTS + ((tick >>> 8) & 255));
    collect(tick & 255);
  }

  function runDue(budget: number): void {
    for (let left = budget; left > 0 && due.next !== due; left--) {
      const timer = due.next;
      unlink(timer);
      size--;
      try {
        timer.run(timer.owner);
      } catch (problem) {
        onFault(problem);
      }
    }
  }

  function catchUp(nowMs: number, budget: number): void {
    running = true;
    try {
      const target = Math.floor((nowMs - origin) / TICK_MS);
      for (let tick = nextTick(); tick <= target; tick = nextTick()) enter(tick);
      if (target > current) current = target;
      runDue(budget);
    } finally {
      running = false;
      if (due.next !== due)
        resume ??= setImmediate(turn); // not unref: the loop would sleep on it
      else if (size === 0) goIdle();
      else sleepUntil(nextTick());
    }
  }

  function turn(): void {
    goIdle();
    catchUp(now(), RUN_PER_TURN);
  }

  function sleepUntil(tick: number): void {
    if (closed || tick >= sleepsUntil) return;
    clearTimeout(sleep);
    sleepsUntil = tick;
    const ms = Math.ceil(origin + tick * TICK_MS - now());
    sleep = setTimeout(turn, Math.min(Math.max(ms, 1), LONGEST_SLEEP_MS)).unref();
  }

  function goIdle(): void {
    clearTimeout(sleep);
    clearImmediate(resume);
    sleep = undefined;
    resume = undefined;
    sleepsUntil = Number.POSITIVE_INFINITY;
  }

  function arm(timer: Entry, delayMs: number): void {
    if (!(delayMs >= 0 && delayMs < Number.POSITIVE_INFINITY))
      throw new RangeError(`a timer cannot run in ${delayMs} ms`);
    if (closed) return;
    const deadline = Math.ceil((now() + delayMs - origin) / TICK_MS);
    timer.deadline = deadline > current ? deadline : current + 1;
    size++;
    const comesUp = place(timer);
    if (comesUp < sleepsUntil && !running && resume === undefined) sleepUntil(comesUp);
  }

  function disarm(timer: Entry): void {
    if (!timer.armed) return;
    unlink(timer);
    size--;
  }

  return {
    get size() {
      return size;
    },
    start(delayMs, run, owner) {
      const timer = new Entry(run as (owner: unknown) => void, owner);
      arm(timer, delayMs);
      return timer;
    },
    restart(timer, delayMs) {
      disarm(timer as Entry);
      arm(timer as Entry, delayMs);
    },
    stop(timer) {
      disarm(timer as Entry);
      if (size === 0) goIdle();
    },
    advance(nowMs) {
      if (!running) catchUp(nowMs, Number.POSITIVE_INFINITY);
    },
    close() {
      closed = true;
      goIdle();
      for (const list of [...slots, due]) while (list.next !== list) unlink(list.next);
      size = 0;
    },
  };
}
