import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RedisServer, startRedis } from '../../../test/support/redis-server.ts';
import { sharedBy } from '../../../test/support/shared-by.ts';
import type { RedisSettings } from '../../config/settings.ts';
import { openRedis, type RedisClient } from './redis-client.ts';
import { whyRedis } from './why-redis.ts';

let folder: string;
let server: RedisServer | undefined;
let client: RedisClient | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redis-client-'));
});
afterEach(async () => {
  client?.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

test.each(['single', 'cluster'] as const)(
  'a password that is changed is read from its file at the next connection (%s)',
  async (kind) => {
    server = await startRedis(...(kind === 'cluster' ? ['--cluster-enabled', 'yes'] : []));
    if (kind === 'cluster') {
      await server.ask('config', 'set', 'cluster-announce-ip', server.address);
      await server.ask('cluster', 'addslotsrange', '0', '16383');
    }
    await server.ask('acl', 'setuser', 'gate', 'on', '>before', '~*', '&*', '+@all');
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, 'before\n');
    const settings: RedisSettings = {
      ...sharedBy(server, 'a').redis,
      ...{ kind, user: 'gate', passwordFile },
    };
    let problem: unknown;
    const opened = openRedis(settings, (error) => {
      problem = error;
    });
    client = opened;
    const asked = () =>
      opened.call('SET', 'a', 'b').catch((error: unknown) => whyRedis(error, problem));
    await expect.poll(asked, { timeout: 10_000 }).toBe('OK');

    await server.ask('acl', 'setuser', 'gate', 'resetpass', '>after');
    await server.ask('client', 'kill', 'user', 'gate');
    await expect.poll(asked, { timeout: 10_000 }).not.toBe('OK');
    writeFileSync(passwordFile, ''); // as while somebody writes it
    await sleep(300);
    expect(await asked()).not.toBe('OK');
    writeFileSync(passwordFile, 'after\n');
    await expect.poll(asked, { timeout: 10_000 }).toBe('OK');
  },
  40_000,
);
