import { setTimeout as sleep } from 'node:timers/promises';
import { expect, vi } from 'vitest';
import type { Phone } from './a-phone.ts';
import { type Gate, type GateOptions, startGate } from './gate-process.ts';
import { PATIENCE_MS } from './patience.ts';
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

/** Until this node knows of that one. */
export const knowsNode = (gate: Gate, name: string): Promise<void> =>
  vi.waitFor(async () => {
    const { cluster } = await gate.told();
    expect(cluster?.nodes.map((node) => node.name)).toContain(name);
  }, PATIENCE_MS);

/** Until this node knows that the phone is registered at that one. */
export const knowsPhone = (gate: Gate, { address, port }: Phone, at: string): Promise<void> =>
  vi.waitFor(async () => {
    const { registrations } = await gate.told();
    expect(registrations.rows).toContainEqual(expect.objectContaining({ address, port, gate: at }));
  }, PATIENCE_MS);

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
