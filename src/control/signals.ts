import type { Logger } from './log.ts';

/** What signals ask for, and what becomes of an error that nobody caught. */
export interface Actions {
  reload(): void;
  drain(): void;
  stop(): void;
  fault(error: Error): void;
}

/** Ctrl-C, and a service manager, reach us twice when npm started us: once themselves, once through npm. */
const echoMs = 250;

/** SIGHUP reloads; the first SIGTERM or SIGINT drains, the second ends. */
export function onSignals(actions: () => Actions, log: Logger): void {
  let askedAt: number | undefined;
  const end = (signal: NodeJS.Signals): void => {
    const again = askedAt !== undefined;
    if (askedAt !== undefined && performance.now() - askedAt < echoMs) return;
    askedAt ??= performance.now();
    log.info({ signal }, again ? 'asked again: ending at once' : 'asked to end');
    if (again) actions().stop();
    else actions().drain();
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.on('SIGHUP', () => actions().reload());
}
