import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { GateEvent } from '../data/event.ts';
import { policySchema } from '../policy/policy-settings.ts';
import { ExceptionWatch } from './watch-exceptions.ts';

const NOON = Date.UTC(2026, 6, 1, 12);
const fair = {
  rule: 'allowed-countries',
  extension: '1001',
  until: '2026-07-01 12:01',
  why: 'at the fair',
};
const policy = (exceptions: object = {}) => policySchema.parse({ exceptions });

let told: GateEvent[];
let watch: ExceptionWatch;

beforeEach(() => {
  vi.useFakeTimers({ now: NOON });
  told = [];
  watch = new ExceptionWatch(policy({ fair }), (event) => told.push(event));
});
afterEach(() => {
  watch.close();
  vi.useRealTimers();
});
const texts = () => told.map(({ exception, text }) => `${exception} ${text}`);

describe('an exception', () => {
  test('is told of when it is in force, once, with rule, extension and reason', () => {
    vi.advanceTimersByTime(30_000);
    expect(told).toEqual([
      expect.objectContaining({
        kind: 'exception',
        exception: 'fair',
        rule: 'allowed-countries',
        extension: '1001',
        text: 'in force, until 2026-07-01 12:01: at the fair',
      }),
    ]);
    expect(watch.inForce).toMatchObject([{ name: 'fair', endsAt: NOON + 60_000 }]);
  });
  test('is told of when it ends by itself', () => {
    vi.advanceTimersByTime(61_000);
    expect(texts()[1]).toMatch(/^fair ended, until/);
    expect(watch.inForce).toEqual([]);
  });
  test('is told of when a reload takes it away, ends it or lets it go on for longer', () => {
    watch.follow(policy({ fair: { ...fair, until: '2026-07-02' } }));
    watch.follow(policy({ fair: { ...fair, until: '2026-07-02' } }));
    watch.follow(policy());
    expect(texts().slice(1)).toEqual([
      expect.stringMatching(/^fair changed, until 2026-07-02/),
      expect.stringMatching(/^fair ended early/),
    ]);
  });
  test('that ended before the gate started is no news', () => {
    watch.follow(policy({ fair, old: { ...fair, until: '2026-06-30' } }));
    expect(texts()).toHaveLength(1);
  });
});
