import { readFileSync } from 'node:fs';
import { Cluster, Redis } from 'ioredis';
import type { RedisSettings } from '../../config/settings.ts';
import type { Script } from './scripts.ts';

/** Redis, as much of it as is spoken to. Nothing waits for it longer than a second. */
export interface RedisClient {
  run(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown>;
  call(command: string, ...args: readonly (string | number)[]): Promise<unknown>;
  close(): void;
}

/** A Redis that says nothing for so long is as good as gone. */
const COMMAND_MS = 1000;
const CONNECT_MS = 2000;
const SILENT_MS = 5000;
const LONGEST_RETRY_MS = 1000;

/**
 * Connects, and again whenever the connection is lost; `problem` is told each time why. What is asked meanwhile fails at
 * once: nothing waits in a queue to be done when nobody wants it any more.
 */
export function openRedis(settings: RedisSettings, problem: (error: Error) => void): RedisClient {
  const client = settings.kind === 'cluster' ? openCluster(settings) : openSingle(settings);
  client.on('error', problem);
  return {
    async run({ text, sha }, keys, args) {
      try {
        return await client.evalsha(sha, keys.length, ...keys, ...args);
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
        return await client.eval(text, keys.length, ...keys, ...args);
      }
    },
    call: (command, ...args) => client.call(command, ...args.map(String)),
    close: () => client.disconnect(),
  };
}

function openSingle(settings: RedisSettings): Redis {
  const { servers, kind, sentinelName, sentinelPassword } = settings;
  const common = { ...commonOptions(settings), enableOfflineQueue: false };
  if (kind === 'sentinel') {
    const tls = tlsOptions(settings);
    return new Redis({
      ...common,
      name: sentinelName,
      sentinels: servers.flatMap(({ at }) => ('host' in at ? [at] : [])),
      ...(sentinelPassword !== '' && { sentinelPassword }),
      ...(tls !== undefined && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
      sentinelRetryStrategy: retryAfter,
      db: servers[0]?.database ?? 0,
    });
  }
  const [server] = servers;
  if (server === undefined) throw new Error('No Redis is named.');
  return new Redis({ ...common, ...server.at, db: server.database });
}

function openCluster(settings: RedisSettings): Cluster {
  const nodes = settings.servers.flatMap(({ at }) => ('host' in at ? [at] : []));
  return new Cluster(nodes, {
    redisOptions: commonOptions(settings),
    enableOfflineQueue: false,
    clusterRetryStrategy: retryAfter,
    slotsRefreshTimeout: COMMAND_MS,
  });
}

function commonOptions(settings: RedisSettings) {
  const { user, password } = settings;
  const tls = tlsOptions(settings);
  return {
    connectTimeout: CONNECT_MS,
    commandTimeout: COMMAND_MS,
    socketTimeout: SILENT_MS,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: retryAfter,
    // what was the master and is a replica now: the name leads to another one
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    ...(user !== null && { username: user }),
    ...(password !== '' && { password }),
    ...(tls !== undefined && { tls }),
  };
}

const retryAfter = (attempt: number): number => Math.min(attempt * 100, LONGEST_RETRY_MS);

function tlsOptions({ servers, authorities }: RedisSettings): { ca?: Buffer } | undefined {
  if (!servers.some(({ tls }) => tls)) return undefined;
  return authorities === undefined ? {} : { ca: readFileSync(authorities) };
}
