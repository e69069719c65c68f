import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadSettings } from './load.ts';
import { showProblem } from './problem.ts';
import { planReload } from './restart.ts';

const environment = { DRAWBRIDGE_CLUSTER_SECRET: 'sixteen-letters-x' };

function load(flags: object, variables: Record<string, string> = environment) {
  const loaded = loadSettings({ redis: ['redis://127.0.0.1'], ...flags }, variables, true, [
    '10.0.0.5',
  ]);
  return loaded.ok
    ? { settings: loaded.settings, notices: loaded.notices, problems: [] }
    : { settings: undefined, notices: [], problems: loaded.problems.map(showProblem) };
}

test('a Redis by flag or variable, with its usual port and database; passwords from the environment', () => {
  const { settings } = load(
    { redis: ['redis://10.0.0.9'] },
    { ...environment, DRAWBRIDGE_REDIS_PASSWORD: 'open' },
  );
  expect(settings?.cluster).toMatchObject({
    redis: {
      servers: [{ at: { host: '10.0.0.9', port: 6379 }, tls: false, database: 0 }],
      password: 'open',
      sentinelPassword: '',
    },
    secret: environment.DRAWBRIDGE_CLUSTER_SECRET,
  });
  const variables = { ...environment, DRAWBRIDGE_REDIS: 'rediss://redis.example:6380/3' };
  const loaded = loadSettings({}, variables, true, []);
  expect(loaded.ok && loaded.settings.cluster.redis.servers).toEqual([
    { at: { host: 'redis.example', port: 6380 }, tls: true, database: 3 },
  ]);
  expect(load({ redis: ['unix:///run/redis.sock?db=2'] }).settings?.cluster.redis.servers).toEqual([
    { at: { path: '/run/redis.sock' }, tls: false, database: 2 },
  ]);
});

test('a password may come from a file, which a reload does not take for another setting', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cluster-'));
  const file = join(folder, 'password');
  const read = () =>
    load(
      { set: [`cluster.redis.passwordFile=${file}`] },
      { ...environment, DRAWBRIDGE_REDIS_PASSWORD: 'of-the-variable' },
    ).settings?.cluster.redis;
  writeFileSync(file, 'one\n');
  const before = read();
  expect(before).toMatchObject({ passwordFile: file, password: '' });
  writeFileSync(file, 'another\n');
  expect(read()).toEqual(before);
  rmSync(folder, { recursive: true });
});

test('without one the node is alone, whatever else is set', () => {
  const loaded = loadSettings({}, environment, true, []);
  expect(loaded.ok && loaded.settings.cluster.secret).toBe('');
  expect(loaded.ok && loaded.notices.join()).toContain('this node is alone');
});

test('the others reach a node by a listener of it, the PBX’s before the phones’; or as it says', () => {
  const uri = (...listen: string[]) => load({ listen }).settings?.cluster.node.uri;
  expect(uri('udp:10.0.0.5:5060', 'tcp:10.0.0.5:5060')).toBe('sip:10.0.0.5:5060;transport=tcp');
  expect(uri('tls:10.0.0.5:5061', 'tcp:10.1.0.5:5070@core')).toBe(
    'sip:10.1.0.5:5070;transport=tcp',
  );
  const said = 'sip:10.9.0.1;transport=tcp';
  expect(load({ set: [`cluster.node.uri=${said}`] }).settings?.cluster.node.uri).toBe(said);
  const { settings, notices } = load({ listen: ['udp:10.0.0.5:5060'] });
  expect(settings?.cluster.node.uri).toBeUndefined();
  expect(notices.join()).toContain('cluster.node.uri is not set');
});

test.each([
  ['sip:10.9.0.1:5060', 'by UDP'],
  ['sip:10.9.0.1;transport=udp', 'by UDP, said'],
  ['sip:node-a.example.com;transport=tcp', 'by a name'],
])('a place where no other node can call (%s, %s) is said', (uri) => {
  const notice = /nodes know each other by their addresses, over TCP or TLS/;
  expect(load({ set: [`cluster.node.uri=${uri}`] }).notices.join()).toMatch(notice);
  for (const good of ['sips:10.9.0.1', 'sip:[2001:db8::1]:5061;transport=TLS'])
    expect(load({ set: [`cluster.node.uri=${good}`] }).notices.join()).not.toMatch(notice);
});

test.each([
  [
    'a secret that is missing',
    {},
    {},
    /cluster\.secret: found no variable DRAWBRIDGE_CLUSTER_SECRET/,
  ],
  ['one that is short', {}, { DRAWBRIDGE_CLUSTER_SECRET: 'hunter2' }, /cluster\.secret.*not shown/],
  [
    'two of kind single',
    { redis: ['redis://a', 'redis://b'] },
    environment,
    /found 2 servers of kind single/,
  ],
  [
    'a password in the URL',
    { redis: ['redis://:hunter2@a'] },
    environment,
    /without user and password/,
  ],
  ['no URL of Redis', { redis: ['http://a'] }, environment, /redis:\/\/host/],
  [
    'TLS beside none',
    { redis: ['redis://a', 'rediss://b'], set: ['cluster.redis.kind=cluster'] },
    environment,
    /the same for all/,
  ],
  [
    'a socket of a cluster',
    { redis: ['unix:///a'], set: ['cluster.redis.kind=cluster'] },
    environment,
    /unix socket of kind cluster/,
  ],
  [
    'a database of a cluster',
    { redis: ['redis://a/1'], set: ['cluster.redis.kind=cluster'] },
    environment,
    /database other than 0/,
  ],
  [
    'a file for the password that is not there',
    { set: ['cluster.redis.passwordFile=/none.txt'] },
    environment,
    /cluster\.redis\.passwordFile: "\/none\.txt" does not exist/,
  ],
  [
    'a file for the password of sentinels that is a device',
    { set: ['cluster.redis.sentinelPasswordFile=/dev/zero'] },
    environment,
    /cluster\.redis\.sentinelPasswordFile: .*found a pipe or device, expected a file/,
  ],
  [
    'authorities without TLS',
    { set: ['cluster.redis.authorities=/none.pem'] },
    environment,
    /authorities without TLS/,
  ],
])('%s is refused', (_what, flags, variables, said) => {
  const { problems } = load(flags, variables);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(said);
  expect(problems[0]).not.toContain('hunter2');
});

test('that it is reached without TLS from afar is said', () => {
  expect(load({}).notices).toEqual([]);
  expect(load({ redis: ['redis://10.0.0.9'] }).notices.join()).toContain('without TLS');
  expect(load({ redis: ['redis://127.example.org'] }).notices.join()).toContain('without TLS');
});

test('it takes a restart', () => {
  const [one, other] = [load({}), load({ redis: ['redis://127.0.0.2'] })];
  if (one.settings === undefined || other.settings === undefined) throw new Error('wrong settings');
  expect(planReload(one.settings, other.settings).waiting.map(({ key }) => key)).toEqual([
    'cluster',
  ]);
});
