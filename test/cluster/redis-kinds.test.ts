import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRedisServer } from '../../src/config/forms.ts';
import type { RedisSettings } from '../../src/config/settings.ts';
import { openRedis } from '../../src/control/shared/redis-client.ts';
import { SharedTable } from '../../src/control/shared/shared-table.ts';
import { whyRedis } from '../../src/control/shared/why-redis.ts';
import { issueCertificate } from '../../src/engine/transport/certificate/issue-certificate.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';

function settings(url: string, more: Partial<RedisSettings> = {}): RedisSettings {
  const server = readRedisServer(url);
  if (!server.ok) throw new Error(`${url} is none`);
  return {
    servers: [server.value],
    kind: 'single',
    sentinelName: 'mymaster',
    user: null,
    password: '',
    sentinelPassword: '',
    prefix: 'test',
    exchangeMs: 250,
    leaseMs: 100,
    drachtioBlacklist: null,
    ...more,
  };
}

/** Two nodes tell each other a row through it; the problem, when that is not done within some seconds. */
async function exchanged(given: RedisSettings): Promise<string> {
  let problem: unknown;
  const redis = openRedis(given, (error) => {
    problem = error;
  });
  const [one, other] = ['one', 'other'].map(
    (node) => new SharedTable(redis, given.prefix, 'rows', node),
  );
  const row = { id: 'x', changedAt: Date.now(), forgetAt: undefined, text: 'a text, "quoted"\n' };
  try {
    for (const giveUpAt = performance.now() + 4000; ; ) {
      try {
        await one?.exchange([row], () => {});
        let told = '';
        await other?.exchange([], (rows) => {
          told = rows[0]?.text ?? '';
        });
        return told === row.text ? 'done' : `told ${told}`;
      } catch (error) {
        if (performance.now() > giveUpAt) return whyRedis(error, problem);
        await sleep(50);
      }
    }
  } finally {
    redis.close();
  }
}

const servers: RedisServer[] = [];
const folder = mkdtempSync(join(tmpdir(), 'redis-tls-'));
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function redis(...flags: readonly string[]): Promise<RedisServer> {
  const server = await startRedis(...flags);
  servers.push(server);
  return server;
}

describe('a Redis with a password', { timeout: 20_000 }, () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await redis('--requirepass', 'open-sesame');
  });

  test('is spoken to by TCP and by its socket', async () => {
    const password = 'open-sesame';
    expect(await exchanged(settings(server.url, { password }))).toBe('done');
    expect(await exchanged(settings(`unix://${server.socket}?db=1`, { password }))).toBe('done');
  });

  test('says what is wrong, in words without the password', async () => {
    expect(await exchanged(settings(server.url))).toBe('it wants a password');
    const wrong = await exchanged(settings(server.url, { password: 'hunter2' }));
    expect(wrong).toMatch(/does not take the password|wants a password/);
  });
});

test('one over TLS is believed only when its certificate is', { timeout: 20_000 }, async () => {
  const day = 86_400_000;
  const authority = issueCertificate({
    ...{ commonName: 'ours', names: [], authority: true },
    ...{ notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + day) },
  });
  const plain = await redis();
  const { certificate, key } = issueCertificate({
    ...{ commonName: 'redis', names: [plain.address], issuer: authority },
    ...{ notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + day) },
  });
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const authorities = file('ca.pem', authority.certificate);
  const tls = {
    'tls-cert-file': file('redis.pem', certificate),
    'tls-key-file': file('redis.key', key),
    'tls-ca-cert-file': authorities,
    'tls-auth-clients': 'no',
    'tls-port': '26380',
  };
  await plain.ask('config', 'set', ...Object.entries(tls).flat());
  const url = `rediss://${plain.address}:26380`;
  expect(await exchanged(settings(url, { authorities }))).toBe('done');
  expect(await exchanged(settings(url))).toMatch(/unable to verify|self-signed|certificate/);
});

test('sentinels say where it is', { timeout: 30_000 }, async () => {
  const master = await redis();
  const config = join(folder, 'sentinel.conf');
  writeFileSync(config, `sentinel monitor mymaster ${master.address} ${master.port} 1\n`);
  const sentinel = await redis(config, '--sentinel');
  expect(await exchanged(settings(sentinel.url, { kind: 'sentinel' }))).toBe('done');
  expect(await master.ask('exists', 'test:{rows}:rows')).toBe('1');
});

test('a Redis Cluster takes all keys of a table for one slot', { timeout: 30_000 }, async () => {
  const node = await redis('--cluster-enabled', 'yes');
  await node.ask('config', 'set', 'cluster-announce-ip', node.address);
  await node.ask('cluster', 'addslotsrange', '0', '16383');
  const state = () => node.ask('cluster', 'info');
  await expect.poll(state, { timeout: 20_000 }).toContain('cluster_state:ok');
  expect(await exchanged(settings(node.url, { kind: 'cluster' }))).toBe('done');
});

test('none at all is said so', { timeout: 20_000 }, async () => {
  expect(await exchanged(settings('redis://127.0.0.1:1'))).toBe('it cannot be reached');
});
