import { spawn } from 'node:child_process';
import { environment } from '../config/environment.ts';
import { reasonOf } from '../config/reason-of.ts';
import type { Logger } from './log.ts';

/** Where the service manager listens, and within what time it wants to hear that we live. */
export interface ServiceManagerPlace {
  /** Undefined when nobody listens. */
  readonly socket: string | undefined;
  /** Undefined when nobody waits for it. */
  readonly watchdogMs: number | undefined;
}

/** What it is told: the words of sd_notify(3). */
type News = Readonly<Record<string, string>>;

/** systemd-notify waits until it was heard: five seconds at most. */
const PATIENCE_MS = 7000;

/** Read from the environment, as sd_watchdog_enabled(3) does. */
export function serviceManagerPlace(): ServiceManagerPlace {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC, WATCHDOG_PID } = environment();
  const ours = WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === process.pid;
  const microseconds = Number(WATCHDOG_USEC ?? 0);
  return {
    socket: socket === '' ? undefined : socket,
    watchdogMs: ours && microseconds > 0 ? microseconds / 1000 : undefined,
  };
}

/**
 * Tells systemd how the gate is. It listens on a datagram socket of a kind that Node has not, so its own small program
 * says it for us: 8 ms of the processor each time, a few times a minute. What cannot be said is logged once and ends
 * nothing.
 */
export class ServiceManager {
  readonly #place: ServiceManagerPlace;
  readonly #log: Logger;
  #told: Promise<void> = Promise.resolve();
  #failing = false;
  #status = '';
  #watching: NodeJS.Timeout | undefined;

  constructor(place: ServiceManagerPlace, log: Logger) {
    this.#place = place;
    this.#log = log;
  }

  /** The gate serves; also after a reload. */
  ready(status: string): void {
    // another process than the one it started may have taken the place of that
    this.#tell({ READY: '1', MAINPID: String(process.pid), ...this.#fresh(status) });
  }

  reloading(): void {
    const microseconds = process.hrtime.bigint() / 1000n;
    this.#tell({ RELOADING: '1', MONOTONIC_USEC: String(microseconds) });
  }

  /** It drains, for so long at most: until then it is not to be killed. */
  stopping(status: string, forMs: number): void {
    const microseconds = Math.ceil(forMs * 1000);
    this.#tell({
      STOPPING: '1',
      EXTEND_TIMEOUT_USEC: String(microseconds),
      ...this.#fresh(status),
    });
  }

  /**
   * Says that the gate lives, each time that it has just been proved: a proof that fails or takes too long is none, and
   * without one for long enough the service manager starts the gate anew. The status is said along with it.
   */
  watch(proof: () => Promise<unknown>, status: () => string): void {
    const { socket, watchdogMs } = this.#place;
    if (socket === undefined || watchdogMs === undefined) return;
    let asked = false;
    const look = async (): Promise<void> => {
      if (asked) return;
      asked = true;
      try {
        await proof();
        this.#tell({ WATCHDOG: '1', ...this.#fresh(status()) });
        await this.#told;
      } catch {
        // that it is silent says all
      }
      asked = false;
    };
    void look();
    // two may be lost, and one that comes late is still in time
    this.#watching = setInterval(() => void look(), watchdogMs / 4).unref();
  }

  /** Resolves when all is said. */
  async close(): Promise<void> {
    clearInterval(this.#watching);
    await this.#told;
  }

  #fresh(status: string): News {
    if (status === this.#status) return {};
    this.#status = status;
    return { STATUS: status };
  }

  /** One after the other. */
  #tell(news: News): void {
    if (this.#place.socket === undefined) return;
    const words = Object.entries(news).map(([word, value]) => `${word}=${value}`);
    this.#told = this.#told.then(() => this.#say(words));
  }

  async #say(words: readonly string[]): Promise<void> {
    const problem = await systemdNotify(words, this.#place.socket ?? '');
    if (problem !== undefined && !this.#failing)
      this.#log.warn(
        { why: problem },
        'the service manager cannot be told how the gate is; it serves all the same',
      );
    this.#failing = problem !== undefined;
  }
}

/** Why not, when it could not be said. Never rejects. */
function systemdNotify(words: readonly string[], socket: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    // not ours to have interrupted at a terminal
    const child = spawn('systemd-notify', [...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: environment().PATH, NOTIFY_SOCKET: socket },
      timeout: PATIENCE_MS,
      killSignal: 'SIGKILL',
      detached: true,
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    child.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? 'systemd-notify is not installed' : reasonOf(error)),
    );
    child.on('close', (code) =>
      resolve(code === 0 ? undefined : said.trim() || 'systemd-notify got no hearing'),
    );
  });
}
