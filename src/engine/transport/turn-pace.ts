import { performance } from 'node:perf_hooks';

/** From the start of one turn to the start of the next, while datagrams come thicker than that. */
const TURN_MS = 0.5;
/** Turns that follow each other within this are taken for load. */
const LOAD_MS = 2 * TURN_MS;

/**
 * Lets datagrams gather while many come, as a network card holds back its interrupts. A thread that handles each
 * datagram as it comes falls asleep and is woken for every one of them, and wakes its receivers as often: at half
 * of the load it can bear that is a quarter of what it costs. A message waits half a millisecond for it at most,
 * and only when the turn before was a moment ago; a thread that is busy all the time never waits.
 */
export class TurnPace {
  readonly #now: () => number;
  readonly #sleep: (ms: number) => void;
  #began = Number.NEGATIVE_INFINITY;
  #sinceLast = Number.POSITIVE_INFINITY;
  #slept = 0;

  constructor(now: () => number = () => performance.now(), sleep = sleepFor) {
    this.#now = now;
    this.#sleep = sleep;
  }

  begin(): void {
    const now = this.#now();
    this.#sinceLast = now - this.#began;
    this.#began = now;
  }

  /** All of the turn is done: sleeps for what is left of its time. */
  end(): void {
    if (!this.isLoad) return;
    const left = this.#began + TURN_MS - this.#now();
    if (left <= 0) return;
    this.#sleep(left);
    this.#slept += left;
  }

  /** Did the last turn come right after the one before? */
  get isLoad(): boolean {
    return this.#sinceLast <= LOAD_MS;
  }

  /** Milliseconds slept in all: the event loop takes them for work. */
  get slept(): number {
    return this.#slept;
  }
}

const never = new Int32Array(new SharedArrayBuffer(4));

/** Node's timers know no less than a millisecond, and the sockets would wake us. */
function sleepFor(ms: number): void {
  Atomics.wait(never, 0, 0, ms);
}
