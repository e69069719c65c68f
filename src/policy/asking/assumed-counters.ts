import type { Counters } from '../counters.ts';
import type { Question } from './question.ts';

type Counts = number | Readonly<Record<string, number>> | undefined;

const under = (counts: Counts, key: string): number =>
  typeof counts === 'object'
    ? Object.hasOwn(counts, key)
      ? (counts[key] ?? 0)
      : 0
    : (counts ?? 0);

/** Counts as somebody assumes them; asking changes nothing. */
export const assumedCounters = (assumed: Question): Counters => ({
  take: (key, _perSecond, burst) => under(assumed.requests, key) < burst,
  within: (key) => under(assumed.requests, key) + 1,
  packets: (kind, source) => under(assumed.requests, `${kind} ${source}`) + 1,
  failures: (key, _seconds, _at, kind) => (kind === undefined ? under(assumed.failures, key) : 0),
  live: (key) => under(assumed.live, key),
  calls: (key) => under(assumed.recentCalls, key) + 1,
  distinct: (key) => under(assumed.distinct, key),
  pressure: () => assumed.pressure ?? 'none',
});
