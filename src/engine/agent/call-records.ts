import type { Programs } from '../protocol/program.ts';
import { stackTime } from './frames.ts';

/** Caused by a message that came in, or by one that we sent. */
type Source = 'network' | 'application';
type Role = 'uac' | 'uas' | 'proxy-uac' | 'proxy-uas';
export type StopReason =
  | 'call-rejected'
  | 'call-canceled'
  | 'normal-release'
  | 'session-expired'
  | 'system-initiated-termination'
  | 'system-error-initiated-termination';

/** Call records, to one of the programs that asked for that kind. */
export class CallRecords {
  readonly #programs: Programs;

  constructor(programs: Programs) {
    this.#programs = programs;
  }

  attempt(source: Source, invite: string): void {
    this.#programs.recorderOf('cdr:attempt')?.send(['cdr:attempt', source, stackTime()], invite);
  }

  start(source: Source, role: Role, ok: string): void {
    this.#programs.recorderOf('cdr:start')?.send(['cdr:start', source, stackTime(), role], ok);
  }

  stop(source: Source, reason: StopReason, message: string): void {
    this.#programs.recorderOf('cdr:stop')?.send(['cdr:stop', source, stackTime(), reason], message);
  }
}
