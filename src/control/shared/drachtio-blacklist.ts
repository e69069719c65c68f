import type { Lifted } from '../../data/messages.ts';
import { formatNetwork, parseNetwork } from '../../limits/address-key.ts';
import type { BlockEntry } from '../../limits/block-entry.ts';
import type { RedisClient } from './redis-client.ts';
import { keepBlacklist } from './scripts.ts';

const ARGUMENTS_AT_ONCE = 2000;

/**
 * The set that drachtio-servers read. They compare texts, so it has single addresses: what rules block in IPv6 is a
 * network, and is not in it.
 */
export class DrachtioBlacklist {
  readonly #redis: RedisClient;
  readonly #keys: readonly string[];

  constructor(redis: RedisClient, key: string) {
    this.#redis = redis;
    this.#keys = [key, `${key}:ends`];
  }

  /** Puts in and takes out what changed, and takes out what has ended. */
  async follow(blocked: readonly BlockEntry[], lifted: readonly Lifted[]): Promise<void> {
    const changes = [
      ...blocked.flatMap(({ network, until }) => change(network, until ?? '')),
      ...lifted.flatMap(({ network }) => change(network, 'lifted')),
    ];
    for (let at = 0; at === 0 || at < changes.length; at += ARGUMENTS_AT_ONCE)
      await this.#redis.run(keepBlacklist, this.#keys, changes.slice(at, at + ARGUMENTS_AT_ONCE));
  }
}

function change(network: string, what: string | number): (string | number)[] {
  const parsed = parseNetwork(network);
  const single = parsed !== undefined && parsed.bits === (parsed.family === 4 ? 32 : 128);
  return single ? [formatNetwork(parsed), what] : [];
}
