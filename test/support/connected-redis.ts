import { setTimeout as sleep } from 'node:timers/promises';
import { openRedis, type RedisClient } from '../../src/control/shared/redis-client.ts';
import { type RedisServer, startRedis } from './redis-server.ts';

/** A Redis, and a node's way to it. */
export interface ConnectedRedis {
  readonly server: RedisServer;
  readonly redis: RedisClient;
  /** Resolves when the one can be asked by the other: at first, and after it was started again. */
  answers(): Promise<void>;
  close(): Promise<void>;
}

export async function connectedRedis(): Promise<ConnectedRedis> {
  const server = await startRedis();
  const redis = openRedis(
    {
      servers: [{ at: { host: server.address, port: server.port }, tls: false, database: 0 }],
      ...{ kind: 'single', sentinelName: '', user: null, password: '', sentinelPassword: '' },
      ...{ prefix: 'test', exchangeMs: 250, leaseMs: 100, drachtioBlacklist: null },
    },
    () => {},
  );
  const answers = async (): Promise<void> => {
    const ping = () => redis.call('ping').catch(() => undefined);
    while ((await ping()) !== 'PONG') await sleep(20);
  };
  await answers();
  return {
    ...{ server, redis, answers },
    async close() {
      redis.close();
      await server.close();
    },
  };
}
