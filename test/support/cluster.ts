import { setTimeout as sleep } from 'node:timers/promises';
import { type Gate, type GateOptions, startGate } from './gate-process.ts';
import type { RedisServer } from './redis-server.ts';

const clusterSecret = 'the-secret-of-all-nodes';

/** A node of the gate that shares with others through this Redis. */
export function startNode(
  name: string,
  redis: Pick<RedisServer, 'url'>,
  options: GateOptions,
): Promise<Gate> {
  return startGate({
    ...options,
    flags: ['--redis', redis.url, ...(options.flags ?? [])],
    settings: { 'cluster.node.name': name, ...options.settings },
    environment: { DRAWBRIDGE_CLUSTER_SECRET: clusterSecret, ...options.environment },
  });
}

/** Until this node has Redis, or has it no more. */
export async function knowsRedis(gate: Gate, connected = true, within = 10_000): Promise<void> {
  const giveUpAt = performance.now() + within;
  for (;;) {
    const up = /^drawbridge_redis_up (\d)/m.exec(await gate.metrics())?.[1];
    if (up === (connected ? '1' : '0')) return;
    if (performance.now() > giveUpAt)
      throw new Error(
        `${connected ? 'no Redis' : 'Redis still'} after ${within} ms:\n${gate.logs()}`,
      );
    await sleep(20);
  }
}
