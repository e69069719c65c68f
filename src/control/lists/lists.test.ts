import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  aListServer,
  brokenOff,
  endless,
  type ListServer,
  status,
  text,
  trickle,
} from '../../../test/support/a-list-server.ts';
import { loadSettings } from '../../config/load.ts';
import type { GateEvent } from '../../data/event.ts';
import { joinLists } from '../../data/sliced-lists.ts';
import { ListedNetworks } from '../../limits/listed-networks.ts';
import { type ListStatus, Lists } from './lists.ts';

const DAY_MS = 86_400_000;
let folder: string;
let server: ListServer;
let lists: Lists;
let listed: ListedNetworks;
let events: GateEvent[];
let logged: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lists-'));
  server = await aListServer(text('192.0.2.1\n192.0.2.2\n'));
  listed = new ListedNetworks();
  events = [];
  logged = [];
});
afterEach(async () => {
  vi.restoreAllMocks();
  lists.close();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function settingsWith(written: object, ...set: string[]) {
  const all = Object.entries(written).map(([name, one]) => `lists.${name}=${JSON.stringify(one)}`);
  const loaded = loadSettings({ set: [...all, ...set] }, { APIBAN: 'very-secret' }, true);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.settings;
}

/** As a process that starts with these lists. */
async function open(written: object, ...set: string[]): Promise<void> {
  lists = new Lists({
    settings: settingsWith(written, ...set),
    folder: join(folder, 'lists'),
    send: async (sliced) => {
      listed = await joinLists(sliced);
    },
    counts: () => listed.counts,
    record: (event) => events.push(event),
    log: pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) }),
  });
  listed = await joinLists(lists.slices());
}

/** The same, and reads them. */
async function read(written: object, ...set: string[]): Promise<ListStatus> {
  await open(written, ...set);
  lists.start();
  return refresh();
}

async function refresh(): Promise<ListStatus> {
  const [first] = (await lists.refresh(undefined)) ?? [];
  if (first === undefined) throw new Error('there is no list');
  return first;
}

const blocked = (...addresses: string[]): string[] =>
  addresses.filter((address) => listed.find('block', address) !== undefined);
const said = () => events.map(({ kind, level, text: what }) => `${kind} ${level} ${what}`);

describe('a list by URL', () => {
  const one = (more: object = {}) => ({ a: { url: `${server.url}/a.txt`, ...more } });

  test('is fetched at the start, and names whom it blocks', async () => {
    expect(await read(one())).toMatchObject({ networks: 2, failing: undefined });
    expect(blocked('192.0.2.1', '192.0.2.2', '192.0.2.3')).toEqual(['192.0.2.1', '192.0.2.2']);
    expect(said()).toEqual(['list info read: 2 networks, 2 new, 0 gone']);
  });

  test('is not sent again as long as it is the same', async () => {
    const { readAt = 0, changedAt } = await read(one());
    vi.spyOn(Date, 'now').mockReturnValue(readAt + 5000);
    const again = await refresh();
    expect(again).toMatchObject({ readAt: readAt + 5000, changedAt, networks: 2 });
    expect(server.asked.map(({ etag }) => etag !== undefined)).toEqual([false, true]);
    expect(events).toHaveLength(1);
  });

  test('what it no longer names is lifted', async () => {
    await read(one());
    server.answer = text('192.0.2.2\n192.0.2.3\n');
    await refresh();
    expect(blocked('192.0.2.1', '192.0.2.2', '192.0.2.3')).toEqual(['192.0.2.2', '192.0.2.3']);
    expect(said().at(-1)).toBe('list info read: 2 networks, 1 new, 1 gone');
  });

  test.each([
    ['an error', status(500), 'status', /answered 500/],
    ['a login page', status(200, {}, '<html>\n<body>\nlog in'), 'content', /no address or network/],
    ['nothing', status(200), 'content', /nothing in it/],
    ['half of it', brokenOff('192.0.2.9\n'.repeat(10)), 'truncated', /broke off after 100 bytes/],
    ['more than is wanted', endless, 'too-large', /more than 1 MB/],
    ['a byte now and then', trickle, 'timeout', /no whole answer within 1 s/],
    ['redirections for ever', status(302, { Location: '/again' }), 'redirect', /more than 5/],
    ['a redirection to nowhere', status(301, { Location: 'ftp://x/' }), 'redirect', /ftp:/],
  ])('%s keeps the old one, and is said', async (_what, answer, kind, why) => {
    const limits = { timeoutSeconds: 1, mostMegabytes: 1 };
    await read(one(limits));
    server.answer = answer;
    const after = await refresh();
    expect(after).toMatchObject({
      networks: 2,
      failing: { kind, text: expect.stringMatching(why) },
    });
    expect(after.failures).toEqual([[kind, 1]]);
    expect(blocked('192.0.2.1')).toEqual(['192.0.2.1']);
    expect(said().at(-1)).toMatch(`list warn cannot be read, the old one stays: ${kind}`);

    await refresh();
    expect(events.filter(({ level }) => level === 'warn')).toHaveLength(1);
    server.answer = text('192.0.2.1\n192.0.2.2\n');
    expect(await refresh()).toMatchObject({ failing: undefined, failures: [[kind, 2]] });
    expect(said().at(-1)).toBe('list info can be read again');
  });

  test('a server that is gone is said, and how', async () => {
    await read(one());
    await server[Symbol.asyncDispose]();
    expect((await refresh()).failing).toMatchObject({ kind: 'unreachable' });
    server = await aListServer(text(''));
  });

  test('a redirection is followed', async () => {
    server.answer = (request, response) =>
      request.url === '/a.txt'
        ? status(302, { Location: '/b.txt' })(request, response)
        : text('192.0.2.7\n')(request, response);
    await read(one());
    expect(blocked('192.0.2.7')).toEqual(['192.0.2.7']);
  });

  test('after a failure it is tried sooner, then ever more rarely, as the server asks at the earliest', async () => {
    server.answer = status(500);
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    await read(one());
    const pauses: number[] = [];
    for (let times = 0; times < 10; times++) {
      const { nextAt = 0 } = await refresh();
      pauses.push(Math.round((nextAt - Date.now()) / 30_000));
    }
    expect(pauses.slice(0, 7)).toEqual([2, 4, 8, 16, 32, 64, 120]);
    expect(pauses.at(-1)).toBe(120);
    server.answer = status(503, { 'Retry-After': '7200' });
    const { nextAt = 0 } = await refresh();
    expect(Math.round((nextAt - Date.now()) / 1000)).toBe(7200);
  });

  test('it outlives a restart, also while it cannot be fetched, and is not fetched again at once', async () => {
    await read(one());
    lists.close();
    server.answer = status(500);
    await open(one());
    expect(blocked('192.0.2.1')).toEqual(['192.0.2.1']);
    lists.start();
    expect(server.asked).toHaveLength(1);
    expect(await refresh()).toMatchObject({ networks: 2, failing: { kind: 'status' } });
    expect(server.asked[1]?.etag).toBeDefined();
  });

  test('what was kept of another URL is worth nothing, and of a list no longer asked for nothing is kept', async () => {
    await read(one());
    expect(readdirSync(join(folder, 'lists'))).toEqual(['a.json']);
    lists.close();
    await open({ a: { url: `${server.url}/other.txt` } });
    expect(listed.blocked).toBe(0);
    lists.close();
    await open({});
    expect(readdirSync(join(folder, 'lists'))).toEqual([]);
  });

  test('a file that was damaged meanwhile is fetched anew', async () => {
    await read(one());
    lists.close();
    writeFileSync(join(folder, 'lists', 'a.json'), '{"version":1');
    await read(one());
    expect(blocked('192.0.2.1')).toEqual(['192.0.2.1']);
  });

  test('not read for seven days it counts no more, and somebody is told', async () => {
    await read(one());
    lists.close();
    const now = Date.now();
    vi.spyOn(Date, 'now').mockReturnValue(now + 6 * DAY_MS);
    await open(one());
    expect(listed.blocked).toBe(2);
    lists.close();
    vi.spyOn(Date, 'now').mockReturnValue(now + 8 * DAY_MS);
    await open(one());
    expect(listed.blocked).toBe(0);
    expect(said().at(-1)).toBe('list alert not read for 7 days: its 2 networks are dropped');
  });

  test('nobody of ours is blocked by it, and what is excepted is not', async () => {
    const ours = ['127.0.0.1', '10.0.0.0/24', '192.0.2.50', '198.51.100.5', '203.0.113.0/28'];
    server.answer = text(['192.0.2.1', '192.0.2.2', ...ours].join('\n'));
    const after = await read(
      one({ except: ['192.0.2.2'] }),
      'network.allowed=["192.0.2.50"]',
      'pbx.nodes=[{uri: "sip:198.51.100.5"}]',
      'trunks=[{uri: "sip:203.0.113.1", sources: ["203.0.113.0/24"]}]',
    );
    expect(after).toMatchObject({ networks: 7, overridden: 6 });
    expect(listed.blocked).toBe(1);

    server.answer = text('192.0.2.0/24\n198.51.0.0/16\n192.0.0.0/8\n');
    await refresh();
    const [ours2, excepted, phone] = ['192.0.2.50', '192.0.2.2', '192.168.1.7'];
    expect(blocked(ours2, excepted, phone, '198.51.100.5')).toEqual([]);
    expect(blocked('192.0.2.3', '192.0.2.51', '198.51.100.6')).toHaveLength(3);
  });

  test('a reload takes up a new one, lets go of an old one, and does not read again what is as it was', async () => {
    await read(one());
    server.answer = text('198.51.100.1\n');
    const both = { ...one(), b: { url: `${server.url}/b.txt`, mode: 'shadow' } };
    lists.follow(settingsWith(both));
    await vi.waitUntil(() => listed.inShadow === 1);
    expect(server.asked.map(({ path }) => path)).toEqual(['/a.txt', '/b.txt']);
    expect(blocked('192.0.2.1')).toEqual(['192.0.2.1']);
    lists.follow(settingsWith({ b: both.b }));
    await vi.waitUntil(() => listed.blocked === 0);
  });
});

describe('a file', () => {
  const one = () => ({ a: { file: join(folder, 'a.txt') } });
  const write = (content: string) => writeFileSync(join(folder, 'a.txt'), content);

  test('is read again soon when it changes', async () => {
    write('192.0.2.1\n');
    await read(one());
    const began = performance.now();
    write('192.0.2.1\n192.0.2.2\n');
    await vi.waitUntil(() => blocked('192.0.2.2').length === 1, { timeout: 5000 });
    expect(performance.now() - began).toBeLessThan(2500);
  });

  test('that is missing at the start is said, and read when it comes', async () => {
    const missing = await read(one());
    expect(missing.failing).toMatchObject({ kind: 'file', text: expect.stringMatching('ENOENT') });
    write('192.0.2.1\n');
    await vi.waitUntil(() => blocked('192.0.2.1').length === 1, { timeout: 5000 });
    expect(lists.status[0]?.failing).toBeUndefined();
  });

  test('with a slip in most lines is refused whole', async () => {
    write('192.0.2.1\n');
    await read(one());
    write('192.0.2.1;ok\nexample.com\n1.2.3\n'.repeat(10));
    expect((await refresh()).failing).toMatchObject({
      kind: 'content',
      text: '20 of 30 entries are no address or network, the first: "example.com"',
    });
    expect(blocked('192.0.2.1')).toEqual(['192.0.2.1']);
  });
});

describe('a feed with a cursor', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the form the operator writes.
  const key = '${APIBAN}';
  const one = () => ({ a: { url: `${server.url}/api/{key}/banned`, key, format: 'apiban' } });
  const pages: Record<string, readonly [number, object]> = {
    '': [200, { ipaddress: ['192.0.2.1', '192.0.2.2'], ID: '100' }],
    '/100': [200, { ipaddress: ['192.0.2.3'], ID: 200 }],
    '/200': [400, { ipaddress: ['no new bans'], ID: 'none' }],
  };
  let answers: Record<string, readonly [number, object]>;
  beforeEach(() => {
    answers = { ...pages };
    server.answer = (request, response) => {
      const [, rest = ''] = (request.url ?? '').split('/api/very-secret/banned');
      const [code, body] = answers[rest] ?? [404, {}];
      response.writeHead(code).end(JSON.stringify(body));
    };
  });

  test('is read page by page, and the next time from where it was left', async () => {
    expect(await read(one())).toMatchObject({ networks: 3, failing: undefined });
    answers['/200'] = [200, { ipaddress: '192.0.2.4', ID: '300' }];
    answers['/300'] = [400, { ipaddress: 'no new bans', ID: 'none' }];
    expect(await refresh()).toMatchObject({ networks: 4 });
    expect(server.asked.slice(3).map(({ path }) => path.split('/').at(-1))).toEqual(['200', '300']);
    lists.close();
    await open(one());
    expect(blocked('192.0.2.1', '192.0.2.4')).toHaveLength(2);
  });

  test('who is asked too often is not asked for minutes, and what came before is kept', async () => {
    answers['/100'] = [429, { ipaddress: 'rate limit exceeded', ID: 'unauthorized' }];
    const { failing, networks, nextAt = 0 } = await read(one());
    expect({ failing, networks }).toMatchObject({ networks: 2, failing: { kind: 'status' } });
    expect(nextAt - Date.now()).toBeGreaterThan(100_000);
    answers['/100'] = pages['/100'] ?? [500, {}];
    await refresh();
    expect(server.asked.filter(({ path }) => path.endsWith('/banned'))).toHaveLength(1);
    expect(blocked('192.0.2.1', '192.0.2.3')).toHaveLength(2);
  });

  test.each([
    ['a wrong key', [403, { ipaddress: 'none', ID: 'unauthorized' }], 'key'],
    ['other JSON', [200, { addresses: [] }], 'content'],
    ['an ID that is a path', [200, { ipaddress: ['192.0.2.9'], ID: '../../x' }], 'content'],
    ['an error', [500, {}], 'status'],
  ] as const)('%s is said', async (_what, answer, kind) => {
    answers[''] = answer;
    expect((await read(one())).failing).toMatchObject({ kind });
  });

  test('an address that was not named for seven days is lifted', async () => {
    await read(one());
    lists.close();
    const now = Date.now();
    vi.spyOn(Date, 'now').mockReturnValue(now + 8 * DAY_MS);
    await open(one());
    expect(listed.blocked).toBe(0);
  });

  test('the key is in no log, no event, no state and no file, and goes to no other host', async () => {
    await read(one());
    for (const answer of [
      status(302, { Location: 'http://127.0.0.1:9/elsewhere' }),
      status(403, {}, '{}'),
      brokenOff('{'),
    ]) {
      server.answer = answer;
      await refresh();
    }
    await server[Symbol.asyncDispose]();
    await refresh();
    server = await aListServer(text(''));
    const kept = readFileSync(join(folder, 'lists', 'a.json'), 'utf8');
    const all = [...logged, JSON.stringify(events), JSON.stringify(lists.status), kept].join();
    expect(all).not.toContain('very-secret');
    expect(lists.status[0]?.failures.map(([kind]) => kind)).toEqual([
      'redirect',
      'key',
      'truncated',
      'unreachable',
    ]);
  });
});
