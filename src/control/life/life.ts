import { reasonOf } from '../../config/reason-of.ts';
import type { Heir } from '../hand-over.ts';
import type { Logger } from '../log.ts';
import type { Signalled } from '../signals.ts';
import { Faults } from './faults.ts';
import type { LivingGate } from './living-gate.ts';

/**
 *     opening ──► serving ──────────────► draining
 *                  ▲   │                     ▲
 *          no heir │   ▼                     │ asked to end
 *              finding an heir ──────────────┘
 *                      │
 *                      ▼
 *               handing over ──► handed over
 *                      │              │ the heir died
 *                      ▼              ▼
 *                    without an heir
 *
 * It may end in any of them.
 */
type State =
  /** Its parts are being built. */
  | 'opening'
  | 'serving'
  /** No new calls: it ends with the last one, or at the deadline. */
  | 'draining'
  /** Another process tries whether it could begin; here calls are served as before. */
  | 'finding an heir'
  /** All but the calls under way is given away, and the heir does not serve yet. */
  | 'handing over'
  /** The heir serves: here it ends with the last call, or at the deadline. */
  | 'handed over'
  /** All is given away, and nobody has it: no new calls here either, and it ends so that it is started anew, or as it was asked to. */
  | 'without an heir';

/** By a person or a deadline, by an error in this thread, or because the data plane is no more. */
export type Ending = 'asked' | 'faulty' | 'crashed' | 'hangs';

/** What is left of the process may take so long to end. */
export const STOP_SECONDS = 5;

/** The asker of a hand-over has its answer by then. */
const ANSWERED_MS = 50;

/** In which state the process is, and what signals and errors mean in it. */
export class Life implements Signalled {
  readonly #log: Logger;
  readonly #ended = Promise.withResolvers<Ending>();
  readonly #faults: Faults;
  #state: State = 'opening';
  #gate: LivingGate | undefined;
  #reloadAsked = false;
  #endAsked = false;
  /** Of the last hand-over. */
  #givenUp = new AbortController();

  constructor(log: Logger) {
    this.#log = log;
    this.#faults = new Faults(log, () => this.end('faulty'));
  }

  /** Why it is to end. */
  get ended(): Promise<Ending> {
    return this.#ended.promise;
  }

  /** Somebody wants it to end, now or with its last call. */
  get endAsked(): boolean {
    return this.#endAsked;
  }

  /** New calls are better sent elsewhere: it takes none, or soon will not. */
  get draining(): boolean {
    return this.#state !== 'opening' && this.#state !== 'serving';
  }

  /** How many errors nobody caught. */
  get faults(): number {
    return this.#faults.count;
  }

  /** All is built. */
  serve(gate: LivingGate): void {
    this.#gate = gate;
    this.#state = 'serving';
    gate.manager.ready(gate.standing());
    gate.manager.watch(gate.proveAlive, gate.standing);
    if (this.#reloadAsked) void this.#reload();
  }

  /** The first reason holds. */
  end(why: Ending): void {
    this.#ended.resolve(why);
  }

  askedToReload(): void {
    switch (this.#state) {
      case 'opening':
        this.#reloadAsked = true;
        return;
      case 'serving':
      case 'finding an heir':
      case 'draining':
        void this.#reload();
        return;
      // the parts that settings are for are no longer ours
      case 'handing over':
      case 'handed over':
      case 'without an heir':
        return;
    }
  }

  askedToEnd(): void {
    this.#endAsked = true;
    switch (this.#state) {
      case 'serving':
        this.#drain();
        return;
      // whoever asks the gate to end wants no other one in its place
      case 'finding an heir':
        this.#givenUp.abort();
        this.#drain();
        return;
      // the heir is killed: then the calls that we have are drained
      case 'handing over':
        this.#givenUp.abort();
        return;
      case 'opening':
      case 'draining':
      case 'handed over':
      case 'without an heir':
        this.end('asked');
        return;
    }
  }

  askedToEndAgain(): void {
    this.#endAsked = true;
    if (this.#state === 'finding an heir' || this.#state === 'handing over') this.#givenUp.abort();
    this.end('asked');
  }

  /** An error that nobody caught. */
  fault(error: Error): void {
    if (this.#state !== 'opening') {
      this.#faults.take(error, this.#living);
      return;
    }
    // state is on disk
    const { stack } = error;
    this.#log.error({ stack }, 'an error nobody caught; the process ends so that it is restarted');
    process.exit(1);
  }

  /** Another process takes our place: we keep what is under way, and it has all else. */
  async handOver(program: readonly string[]): Promise<{ readonly process: number }> {
    if (this.draining) throw new Error('The gate is ending already, or handing over.');
    const { startHeir, underWay } = this.#living;
    this.#state = 'finding an heir';
    this.#givenUp = new AbortController();
    const { signal } = this.#givenUp;
    const heir = await startHeir(program, signal).catch((error: unknown) => {
      if (signal.aborted) throw new Error('The gate was asked to end: nothing was handed over.');
      this.#state = 'serving';
      throw error;
    });
    this.#log.info({ process: heir.pid, ...underWay() }, 'handing over to another process');
    setTimeout(() => {
      if (!signal.aborted) void this.#handOverTo(heir);
    }, ANSWERED_MS);
    return { process: heir.pid };
  }

  async #handOverTo(heir: Heir): Promise<void> {
    this.#state = 'handing over';
    const { deadlineSeconds, giveAway } = this.#living;
    const end = (): void => {
      const asWanted = this.#state === 'handed over' || this.#givenUp.signal.aborted;
      this.end(asWanted ? 'asked' : 'faulty');
    };
    const seconds = deadlineSeconds();
    setTimeout(end, seconds * 1000).unref();
    try {
      const { link, boot, done } = await giveAway();
      await heir.succeed(link, boot);
      this.#handedOver(heir, seconds);
      await done;
    } catch (error) {
      heir.kill();
      await this.#drainAlone(reasonOf(error));
    }
    end();
  }

  #handedOver(heir: Heir, deadlineSeconds: number): void {
    const { pid, ended } = heir;
    this.#state = 'handed over';
    this.#log.info({ process: pid, ...this.#living.underWay(), deadlineSeconds }, 'handed over');
    void ended.then((why) => {
      this.#state = 'without an heir';
      this.#log.error({ process: pid, why }, 'the new process is gone: no new calls here either');
    });
  }

  async #drainAlone(why: string): Promise<void> {
    const { underWay, manager, proveAlive, standing, drain } = this.#living;
    this.#state = 'without an heir';
    if (this.#givenUp.signal.aborted) {
      this.#log.info(
        underWay(),
        'asked to end while handing over: nobody takes over, no new calls',
      );
      this.#sayStopping();
    } else {
      this.#log.error({ why }, 'nobody took over: no new calls, and the process ends');
      manager.watch(proveAlive, standing);
    }
    await drain();
  }

  #drain(): void {
    const { underWay, deadlineSeconds, drain } = this.#living;
    this.#state = 'draining';
    this.#sayStopping();
    const seconds = deadlineSeconds();
    this.#log.info(
      { ...underWay(), deadlineSeconds: seconds },
      'draining: no new calls, answered and ringing ones go on; a second signal ends at once',
    );
    const deadline = setTimeout(() => {
      this.#log.warn(underWay(), 'the drain deadline has passed');
      this.end('asked');
    }, seconds * 1000).unref();
    void drain().then(() => {
      clearTimeout(deadline);
      this.end('asked');
    });
  }

  async #reload(): Promise<void> {
    const { manager, standing, reload } = this.#living;
    if (!this.draining) manager.reloading();
    await reload();
    if (!this.draining) manager.ready(standing());
  }

  #sayStopping(): void {
    const { manager, standing, deadlineSeconds } = this.#living;
    manager.stopping(standing(), (deadlineSeconds() + STOP_SECONDS) * 1000);
  }

  get #living(): LivingGate {
    if (this.#gate === undefined) throw new Error('The gate is not open yet.');
    return this.#gate;
  }
}
