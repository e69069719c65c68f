import type { LogLevel } from '../config/settings.ts';
import type { LogLine } from './messages.ts';

const ranks: Readonly<Record<LogLevel, number>> = {
  trace: 0,
  debug: 1,
  info: 2,
  warn: 3,
  error: 4,
};

/** So many lines of one text in so long a time; what comes beyond is counted and said in one line. */
const mostAlike = 20;
const alikeMs = 10_000;

interface Alike {
  readonly level: LogLevel;
  readonly message: string;
  readonly since: number;
  written: number;
  held: number;
}

/**
 * Lines waiting to go to the control plane together; beyond `most` they are only counted. A text that comes
 * again and again, as when strangers or a dead name server cause it, is soon only counted too: except at
 * debug and trace, where somebody asked to see everything.
 */
export class LogLines {
  readonly #send: (lines: readonly LogLine[], lost: number) => void;
  readonly #most: number;
  #level: LogLevel = 'info';
  #lines: LogLine[] = [];
  #lost = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #alike = new Map<string, Alike>();
  #alikeTimer: NodeJS.Timeout | undefined;

  constructor(send: (lines: readonly LogLine[], lost: number) => void, most = 1000) {
    this.#send = send;
    this.#most = most;
  }

  setLevel(level: LogLevel): void {
    this.#level = level;
  }

  readonly add = (
    level: LogLevel,
    message: string,
    fields: Readonly<Record<string, unknown>> = {},
  ): void => {
    if (ranks[level] < ranks[this.#level]) return;
    if (ranks[level] >= ranks.info && this.#isTooMuch(level, message)) return;
    this.#push(level, message, fields);
  };

  #push(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>): void {
    if (this.#lines.length >= this.#most) {
      this.#lost++;
      return;
    }
    this.#lines.push({ level, message, fields: plain(fields, level) });
    this.#timer ??= setTimeout(() => this.flush(), 50);
  }

  #isTooMuch(level: LogLevel, message: string): boolean {
    const key = `${level} ${message}`;
    const known = this.#alike.get(key);
    if (known === undefined) {
      // Texts are ours and few; if one held something from outside, it must not fill the memory.
      if (this.#alike.size < this.#most) {
        this.#alike.set(key, { level, message, since: Date.now(), written: 1, held: 0 });
        this.#alikeTimer ??= setInterval(() => this.#sayHeld(), alikeMs).unref();
      }
      return false;
    }
    if (known.written >= mostAlike) {
      known.held++;
      return true;
    }
    known.written++;
    return false;
  }

  /** What was held back is said, and counting begins anew. */
  #sayHeld(): void {
    for (const [key, { level, message, since, held }] of this.#alike) {
      if (held > 0) {
        const seconds = Math.round((Date.now() - since) / 1000);
        this.#push(level, message, { more: held, seconds });
      }
      this.#alike.delete(key);
    }
    clearInterval(this.#alikeTimer);
    this.#alikeTimer = undefined;
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0 && this.#lost === 0) return;
    const lines = this.#lines;
    const lost = this.#lost;
    this.#lines = [];
    this.#lost = 0;
    this.#send(lines, lost);
  }
}

/**
 * Functions and such, which cannot cross threads, become text. An error keeps its stack where it is one of
 * ours; in a warning, which is about something outside, its message is enough.
 */
function plain(
  fields: Readonly<Record<string, unknown>>,
  level: LogLevel,
): Readonly<Record<string, unknown>> {
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof Error) {
      copy[name] =
        level === 'warn' || level === 'info' ? value.message : (value.stack ?? value.message);
    } else if (typeof value === 'function' || typeof value === 'symbol') copy[name] = String(value);
    else copy[name] = value;
  }
  return copy;
}
