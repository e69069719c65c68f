import { readFileSync } from 'node:fs';

/**
 * Loaded before a process by `--import`: its wall clock is ahead by as many milliseconds as stand in a file, and follows
 * when they change. What runs by `performance.now()` and timers runs as ever.
 */

const file = process.env.MOVABLE_CLOCK;
const LOOK_EVERY_MS = 20;

if (file !== undefined) {
  const now = Date.now;
  let ahead = 0;
  const look = (): void => {
    ahead = Number(readFileSync(file, 'utf8')) || 0;
  };
  look();
  setInterval(look, LOOK_EVERY_MS).unref();
  Date.now = () => now() + ahead;
}
