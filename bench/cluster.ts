import { setTimeout as sleep } from 'node:timers/promises';
import { LiveCalls } from '../src/control/shared/live-calls.ts';
import { openRedis, type RedisClient } from '../src/control/shared/redis-client.ts';
import { rowOfBinding, rowOfBlock } from '../src/control/shared/shared-rows.ts';
import { type SharedRow, SharedTable } from '../src/control/shared/shared-table.ts';
import { startRedis } from '../test/support/redis-server.ts';

/**
 * What sharing costs: `node bench/cluster.ts`. A real redis-server on this machine, and the gate's own code in front of it.
 * docs/scaling.md does its sums with these figures.
 */
const ROWS = 100_000;
const ASKS = 20_000;
const AT_ONCE = 16;

const server = await startRedis();
const redis = openRedis(
  {
    servers: [{ at: { host: server.address, port: server.port }, tls: false, database: 0 }],
    ...{ kind: 'single', sentinelName: '', user: null, password: '', sentinelPassword: '' },
    ...{ prefix: 'bench', exchangeMs: 250, leaseMs: 100, drachtioBlacklist: null },
  },
  () => {},
);
while ((await redis.call('ping').catch(() => '')) !== 'PONG') await sleep(20);

const info = async (section: string, name: string): Promise<number> => {
  const text = String(await redis.call('info', section));
  return Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(text)?.[1] ?? Number.NaN);
};
const redisCpu = async () =>
  (await info('cpu', 'used_cpu_user')) + (await info('cpu', 'used_cpu_sys'));
/** Of values in their order. */
const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.floor((sorted.length * share) / 100)] ?? Number.NaN;
const say = (what: string, ...figures: string[]) => console.log(`${what}: ${figures.join(', ')}`);

await placesOfCalls(redis);
await table('blocks', blockRow);
await table('registrations', bindingRow);
await idle();
redis.close();
await server.close();

/** A new call asks for four places, with five other nodes in the sum. */
async function placesOfCalls(client: RedisClient): Promise<void> {
  const live = new LiveCalls(client, 'bench', 'n0');
  await live.exchange();
  const others = ['n1', 'n2', 'n3', 'n4', 'n5'];
  const took: number[] = [];
  const [cpu, own, since] = [await redisCpu(), process.cpuUsage(), performance.now()];
  let asked = 0;
  const caller = async () => {
    while (asked++ < ASKS) {
      const keys = [
        `extension:${asked % 5000}`,
        'group:all',
        `source:10.0.${asked % 250}.1`,
        'all',
      ];
      const at = performance.now();
      await live.take(
        keys.map((key) => ({ key, calls: 1, most: 1_000_000 })),
        others,
      );
      took.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, caller));
  const seconds = (performance.now() - since) / 1000;
  const spent = process.cpuUsage(own);
  took.sort((one, other) => one - other);
  say(
    'a place for a call (4 keys, 6 nodes)',
    `${Math.round(ASKS / seconds)} a second`,
    `p50 ${percentile(took, 50).toFixed(2)} ms, p99 ${percentile(took, 99).toFixed(2)} ms with ${AT_ONCE} at once`,
    `Redis ${Math.round(((await redisCpu()) - cpu) * (1e6 / ASKS))} µs of CPU each`,
    `the control plane ${Math.round((spent.user + spent.system) / ASKS)} µs each`,
  );
}

async function table(name: string, row: (index: number) => SharedRow): Promise<void> {
  const rows = Array.from({ length: ROWS }, (_, index) => row(index));
  const before = await info('memory', 'used_memory');
  const [one, other] = ['n0', 'n1'].map((node) => new SharedTable(redis, 'bench', name, node));
  const cpu = await redisCpu();
  const began = performance.now();
  await one?.exchange(rows, () => {});
  const told = performance.now();
  let heard = 0;
  await other?.exchange([], (some) => {
    heard += some.length;
  });
  const ended = performance.now();
  say(
    `${heard.toLocaleString('en')} ${name}`,
    `told in ${((told - began) / 1000).toFixed(1)} s`,
    `heard in ${((ended - told) / 1000).toFixed(1)} s`,
    `Redis ${Math.round(((await redisCpu()) - cpu) * (1e6 / ROWS))} µs of CPU each for both`,
    `${Math.round(((await info('memory', 'used_memory')) - before) / ROWS)} bytes each in Redis`,
  );
}

function blockRow(index: number): SharedRow {
  const now = Date.now();
  return rowOfBlock({
    network: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    ...{ by: 'rule', rule: 'scanners', evidence: 'User-Agent "friendly-scanner"', note: undefined },
    ...{ firstSeen: now, changedAt: now, lastSeen: now, hits: 0 },
    ...{ until: now + 3_600_000, forgeable: false, offences: 1 },
  });
}

function bindingRow(index: number): SharedRow {
  const now = Date.now();
  return rowOfBinding(
    {
      ...{
        aor: `${index}@pbx.example.com`,
        contact: `sip:${index}@192.168.1.20:5060;transport=tls`,
      },
      ...{ token: `tokenoftoken${index}`, flow: 'x'.repeat(40), transport: 'tls' },
      ...{ listener: 'tls:0.0.0.0:5061', address: '203.0.113.7', port: 49152, toward: 'contact' },
      ...{
        expiresAt: now + 3_600_000,
        userAgent: 'Yealink SIP-T46S 66.85.0.5',
        callId: `${index}-c@x`,
      },
      ...{ cseq: 1, node: 'pbx-1', instance: '', changedAt: now },
    },
    'n0',
  );
}

/** Exchanges in which nobody has anything to tell, as each node makes four of in a second. */
async function idle(): Promise<void> {
  const live = new LiveCalls(redis, 'bench', 'n0');
  const tables = ['blocks', 'registrations'].map(
    (name) => new SharedTable(redis, 'bench', name, 'n2'),
  );
  for (const one of tables) await one.exchange([], () => {});
  const rounds = 1000;
  const [cpu, own] = [await redisCpu(), process.cpuUsage()];
  for (let round = 0; round < rounds; round++) {
    await live.exchange();
    for (const one of tables) await one.exchange([], () => {});
  }
  const spent = process.cpuUsage(own);
  say(
    'an exchange without news',
    `Redis ${Math.round(((await redisCpu()) - cpu) * (1e6 / rounds))} µs of CPU`,
    `the control plane ${Math.round((spent.user + spent.system) / rounds)} µs`,
  );
}
