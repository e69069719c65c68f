import type { DnsAnswer, RecordKind, RecordOf } from './dns-message.ts';

export interface RecordCache {
  /** What is known now, or `undefined`: then `fetch` it. */
  known<Kind extends RecordKind>(name: string, kind: Kind): readonly RecordOf[Kind][] | undefined;
  /** Afterwards something is known, be it that there is none. Never rejects. */
  fetch(name: string, kind: RecordKind): Promise<void>;
  readonly size: number;
  /** Questions asked and not answered yet. */
  readonly asking: number;
}

export interface RecordCacheOptions {
  readonly query: <Kind extends RecordKind>(name: string, kind: Kind) => Promise<DnsAnswer<Kind>>;
  /** Milliseconds, never going back. */
  readonly now: () => number;
  /** Names and kinds remembered at once; the one unused for longest is forgotten. */
  readonly maxEntries: number;
  /** Questions under way at once; a further one counts as unanswered. */
  readonly maxAsking: number;
  /** For how long past its end an answer is used while no server gives a new one (RFC 8767). */
  readonly staleSeconds: number;
  /** No server answered. The old answer is used on, if there is one. */
  readonly onFailure?: (problem: unknown) => void;
}

interface Entry {
  readonly records: readonly RecordOf[RecordKind][];
  /** When it was learnt. */
  readonly at: number;
  readonly expiresAt: number;
  /** False for what stands in for an answer nobody gave. */
  readonly answered: boolean;
  /** When to ask again after it could not be renewed; zero when that did not happen. */
  retryAt: number;
}

/** A TTL of zero would have every request ask; a TTL of weeks would outlive the operator's patience. */
const TTL_SECONDS = { least: 1, most: 86_400, mostNegative: 300 };
/** How long after a failure the servers are left alone. */
const RETRY_AFTER_MS = 5000;
/** In the last tenth of its life an answer in use is renewed, so that no request has to wait for it. */
const RENEW_AT = 0.9;

/** What DNS said, kept as long as it said so. */
export function createRecordCache(options: RecordCacheOptions): RecordCache {
  const { query, now, maxEntries, maxAsking, staleSeconds, onFailure } = options;
  const entries = new Map<string, Entry>();
  const asking = new Map<string, Promise<void>>();

  function keep(key: string, entry: Entry): void {
    entries.delete(key);
    entries.set(key, entry);
    const [oldest] = entries.keys();
    if (entries.size > maxEntries && oldest !== undefined) entries.delete(oldest);
  }

  async function ask(key: string, name: string, kind: RecordKind): Promise<void> {
    try {
      const { records, ttlSeconds } = await query(name, kind);
      const most = records.length > 0 ? TTL_SECONDS.most : TTL_SECONDS.mostNegative;
      const ttl = Math.min(Math.max(ttlSeconds, TTL_SECONDS.least), most);
      const at = now();
      keep(key, { records, at, expiresAt: at + ttl * 1000, answered: true, retryAt: 0 });
    } catch (problem) {
      failed(key);
      onFailure?.(problem);
    }
  }

  function failed(key: string): void {
    const at = now();
    const old = entries.get(key);
    if (old?.answered && at < old.expiresAt + staleSeconds * 1000)
      old.retryAt = at + RETRY_AFTER_MS;
    else {
      const expiresAt = at + RETRY_AFTER_MS;
      keep(key, { records: [], at, expiresAt, answered: false, retryAt: 0 });
    }
  }

  function fetch(name: string, kind: RecordKind): Promise<void> {
    const key = `${kind} ${name}`;
    const underWay = asking.get(key);
    if (underWay !== undefined) return underWay;
    if (asking.size >= maxAsking) {
      failed(key);
      return Promise.resolve();
    }
    const asked = ask(key, name, kind).finally(() => asking.delete(key));
    asking.set(key, asked);
    return asked;
  }

  return {
    known<Kind extends RecordKind>(name: string, kind: Kind) {
      const key = `${kind} ${name}`;
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      const at = now();
      const outlives = entry.retryAt > 0 && at < entry.expiresAt + staleSeconds * 1000;
      if (at >= entry.expiresAt && !outlives) return undefined;

      const renewAt = entry.at + (entry.expiresAt - entry.at) * RENEW_AT;
      if (entry.answered && at >= renewAt && at >= entry.retryAt) void fetch(name, kind);
      if (entries.size >= maxEntries) keep(key, entry); // order matters only when one must go
      return entry.records as readonly RecordOf[Kind][];
    },
    fetch,
    get size() {
      return entries.size;
    },
    get asking() {
      return asking.size;
    },
  };
}
