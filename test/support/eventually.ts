import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MS } from './patience.ts';

/** Waits until it is so. When it never is, the failure says what was waited for, by which condition, and points there. */
export async function eventually(
  isSo: () => boolean,
  what: string,
  within = PATIENCE_MS,
): Promise<void> {
  const giveUpAt = performance.now() + within;
  while (!isSo()) {
    if (performance.now() > giveUpAt) {
      const never = new Error(`not within ${within} ms: ${what}, by ${isSo}`);
      Error.captureStackTrace(never, eventually);
      throw never;
    }
    await pause(5);
  }
}

/** For tests of what must not happen, and of what happens only after a time. */
export const pause = (ms: number): Promise<void> => sleep(ms);
