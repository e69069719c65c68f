import { readFileSync } from 'node:fs';
import { Cluster, Redis } from 'ioredis';
import { secretIn } from '../../config/secret-from.ts';
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
  const passwords = passwordsOf(settings);
  const client =
    settings.kind === 'cluster'
      ? openCluster(settings, passwords)
      : openSingle(settings, passwords);
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

/** As they are now, at each look. */
interface Passwords {
  readonly password: string;
  readonly sentinelPassword: string;
}

/** A file that cannot be read, or is empty, as while somebody writes it: the password of before may still be right. */
function passwordsOf(settings: RedisSettings): Passwords {
  const last = { password: settings.password, sentinelPassword: settings.sentinelPassword };
  const now = (which: keyof Passwords, file: string | undefined): string => {
    try {
      if (file !== undefined) last[which] = secretIn(file) || last[which];
    } catch {
      // what is wrong with it is said by check and doctor
    }
    return last[which];
  };
  return {
    get password() {
      return now('password', settings.passwordFile);
    },
    get sentinelPassword() {
      return now('sentinelPassword', settings.sentinelPasswordFile);
    },
  };
}

function openSingle(settings: RedisSettings, passwords: Passwords): Redis {
  const client = singleWith({ ...settings, ...passwords });
  // the client takes them from there when it connects again
  client.on('close', () => Object.assign(client.options, sent(passwords)));
  return client;
}

/** Those that there are. */
const sent = ({ password, sentinelPassword }: Passwords) => ({
  ...(password !== '' && { password }),
  ...(sentinelPassword !== '' && { sentinelPassword }),
});

function singleWith(settings: RedisSettings): Redis {
  const { servers, kind, sentinelName } = settings;
  const common = { ...commonOptions(settings), enableOfflineQueue: false, ...sent(settings) };
  if (kind === 'sentinel') {
    const tls = tlsOptions(settings);
    return new Redis({
      ...common,
      name: sentinelName,
      sentinels: servers.flatMap(({ at }) => ('host' in at ? [at] : [])),
      ...(tls !== undefined && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
      sentinelRetryStrategy: retryAfter,
      db: servers[0]?.database ?? 0,
    });
  }
  const [server] = servers;
  if (server === undefined) throw new Error('No Redis is named.');
  return new Redis({ ...common, ...server.at, db: server.database });
}

function openCluster(settings: RedisSettings, passwords: Passwords): Cluster {
  const nodes = settings.servers.flatMap(({ at }) => ('host' in at ? [at] : []));
  const client = new Cluster(nodes, {
    redisOptions: commonOptions(settings),
    enableOfflineQueue: false,
    clusterRetryStrategy: retryAfter,
    slotsRefreshTimeout: COMMAND_MS,
  });
  // before it connects; one whose connection is lost is another node when it comes back
  client.on('+node', (node: Redis) => Object.assign(node.options, sent(passwords)));
  return client;
}

function commonOptions(settings: RedisSettings) {
  const { user } = settings;
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
    ...(tls !== undefined && { tls }),
  };
}

const retryAfter = (attempt: number): number => Math.min(attempt * 100, LONGEST_RETRY_MS);

function tlsOptions({ servers, authorities }: RedisSettings): { ca?: Buffer } | undefined {
  if (!servers.some(({ tls }) => tls)) return undefined;
  return authorities === undefined ? {} : { ca: readFileSync(authorities) };
}
