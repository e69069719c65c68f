import { setTimeout as sleep } from 'node:timers/promises';
import { whyRedis } from '../control/shared/why-redis.ts';
import { about, type Examined, type Finding } from './finding.ts';

const redis = about('Redis');
const TRIES = 10;
const TRY_EVERY_MS = 200;

/** Where several nodes share what they know. */
export async function checkRedis({ settings, status }: Examined): Promise<readonly Finding[]> {
  const { servers } = settings.cluster.redis;
  if (servers.length === 0) return [redis.ok('none is named: this node is alone')];
  const todo = 'is it running, and are servers, user and password right (routes/cluster.yaml)?';
  if (status?.cluster !== undefined) {
    const { connected, nodes } = status.cluster;
    return [
      connected
        ? redis.ok(`the gate is connected; ${nodes.length} other nodes give a sign of life`)
        : redis.bad('the gate has lost it, and serves from memory', todo),
    ];
  }
  const { heldByGate } = settings.cluster.redis;
  if (heldByGate !== undefined)
    return [
      redis.warn(
        `${heldByGate} is set for the gate only: not tried from here`,
        'drawbridge status shows whether the gate is connected',
      ),
    ];
  const { openRedis } = await import('../control/shared/redis-client.ts');
  let before: unknown;
  const client = openRedis(settings.cluster.redis, (error) => {
    before = error;
  });
  try {
    let last: unknown;
    for (let tried = 0; tried < TRIES; tried++) {
      try {
        await client.call('PING');
        return [redis.ok('it answers')];
      } catch (error) {
        last = error;
        await sleep(TRY_EVERY_MS);
      }
    }
    return [redis.bad(`it cannot be used: ${whyRedis(last, before)}`, todo)];
  } finally {
    client.close();
  }
}
