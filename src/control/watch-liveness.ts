import type { Health } from './health.ts';

export interface LivenessObserver {
  /** Once, until it is well again. */
  ill(reasons: readonly string[]): void;
  well(): void;
  /** So long ill that it will not become well by itself. Once. */
  hopeless(): void;
}

/** Looks, not seconds: while the machine sleeps, or gives this process no time, nobody looks. */
const HOPELESS_AFTER = 10;

/**
 * Tells when the process stops doing its work and when it does it again: who does not ask `/healthz` reads
 * it in the log. It looks twice, for after a sleep of the whole machine the first look is always bad.
 */
export function watchLiveness(
  health: () => Health,
  { ill, well, hopeless }: LivenessObserver,
  everyMs = 1000,
): { close(): void } {
  let bad = 0;
  const timer = setInterval(() => {
    const { good, reasons } = health();
    if (good && bad >= 2) well();
    bad = good ? 0 : bad + 1;
    if (bad === 2) ill(reasons);
    if (bad === HOPELESS_AFTER) hopeless();
  }, everyMs).unref();
  return { close: () => clearInterval(timer) };
}
