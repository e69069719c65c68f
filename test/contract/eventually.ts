import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MS } from '../support/patience.ts';

/** Waits until it is so; says what was waited for when it never is. */
export async function eventually(
  isSo: () => boolean,
  what: string,
  within = PATIENCE_MS,
): Promise<void> {
  const giveUpAt = performance.now() + within;
  while (!isSo()) {
    if (performance.now() > giveUpAt) throw new Error(`not within ${within} ms: ${what}`);
    await pause(5);
  }
}

/** For tests of what must not happen, and of what happens only after a time. */
export const pause = (ms: number): Promise<void> => sleep(ms);
