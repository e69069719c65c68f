import type { Logger } from './log.ts';

/** Who does what signals ask for. */
export interface Signalled {
  /** SIGHUP. */
  askedToReload(): void;
  /** The first SIGTERM or SIGINT. */
  askedToEnd(): void;
  /** The second one, and whichever comes after it. */
  askedToEndAgain(): void;
}

/** Ctrl-C, and a service manager, reach us twice when npm started us: once themselves, once through npm. */
const echoMs = 250;

export function onSignals(signalled: Signalled, log: Logger): void {
  let askedAt: number | undefined;
  const end = (signal: NodeJS.Signals): void => {
    const again = askedAt !== undefined;
    if (askedAt !== undefined && performance.now() - askedAt < echoMs) return;
    askedAt ??= performance.now();
    log.info({ signal }, again ? 'asked again: ending at once' : 'asked to end');
    if (again) signalled.askedToEndAgain();
    else signalled.askedToEnd();
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.on('SIGHUP', () => signalled.askedToReload());
}
