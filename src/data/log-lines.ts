import type { LogLevel } from '../config/settings.ts';
import type { LogLine } from './messages.ts';

const ranks: Readonly<Record<LogLevel, number>> = {
  trace: 0,
  debug: 1,
  info: 2,
  warn: 3,
  error: 4,
};

/** Lines waiting to go to the control plane together; beyond `most` they are only counted. */
export class LogLines {
  readonly #send: (lines: readonly LogLine[], lost: number) => void;
  readonly #most: number;
  #level: LogLevel = 'info';
  #lines: LogLine[] = [];
  #lost = 0;
  #timer: NodeJS.Timeout | undefined;

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
    if (this.#lines.length >= this.#most) {
      this.#lost++;
      return;
    }
    this.#lines.push({ level, message, fields: plain(fields) });
    this.#timer ??= setTimeout(() => this.flush(), 50);
  };

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

/** Errors keep their stack; functions and such, which cannot cross threads, become text. */
function plain(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof Error) copy[name] = value.stack ?? value.message;
    else if (typeof value === 'function' || typeof value === 'symbol') copy[name] = String(value);
    else copy[name] = value;
  }
  return copy;
}
