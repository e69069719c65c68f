import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FamiliarSources } from '../edge/familiar-sources.ts';
import { BlockList } from '../limits/block-list.ts';
import { EnforcementFeed } from './enforcement-feed.ts';
import type { EnforcementBatch } from './messages.ts';

let sent: EnforcementBatch[];
let blocks: BlockList;
let familiar: FamiliarSources;
let trusted: readonly string[];
let feed: EnforcementFeed;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  trusted = ['192.0.2.10'];
  blocks = new BlockList({ onChange: (change) => feed.blockChanged(change) });
  familiar = new FamiliarSources();
  familiar.changed = (source) => feed.familiarChanged(source);
  feed = new EnforcementFeed(
    {
      blocks: () => blocks.entries(),
      familiar: () => familiar.all(),
      trusted: () => trusted,
    },
    { send: (batch) => sent.push(batch), rowsPerBatch: 3, mostPending: 6 },
  );
});
afterEach(() => {
  feed.close();
  vi.useRealTimers();
});

const block = (network: string, forMs = 60_000) =>
  blocks.block({ network, by: 'operator', rule: 'operator', evidence: '', forMs }, Date.now());
/** All that is sent until nothing waits, each batch in force at once. */
function all(): EnforcementBatch[] {
  for (let done = 0; ; ) {
    vi.advanceTimersByTime(20);
    if (sent.length === done) return sent.splice(0);
    for (; done < sent.length; done++) feed.done(sent[done]?.batch ?? 0);
  }
}
const networks = (batches: readonly EnforcementBatch[]): readonly string[] =>
  batches.flatMap((batch) => batch.blocks.map(({ network }) => network));

test('nobody who does not want it is told anything', () => {
  block('198.51.100.1');
  familiar.came('203.0.113.1');
  expect(all()).toEqual([]);
});

test('whoever wants it is told all there is, in slices, then what changes', () => {
  for (const one of [1, 2, 3, 4]) block(`198.51.100.${one}`);
  familiar.came('203.0.113.1');
  familiar.came('2001:db8:1:2::3');
  feed.want(true);
  const first = all();
  expect(first.map(({ fresh, complete }) => [fresh, complete])).toEqual([
    [true, false],
    [false, false],
    [false, true],
  ]);
  expect(first[0]?.trusted).toEqual(['192.0.2.10']);
  expect(networks(first)).toHaveLength(4);
  expect(first.flatMap((batch) => batch.familiar)).toEqual([
    { network: '203.0.113.1', until: undefined },
    { network: '2001:0db8:0001:0002::/64', until: undefined },
  ]);

  block('198.51.100.5');
  blocks.lift('198.51.100.1');
  familiar.left('203.0.113.1');
  feed.emergencyPassed('198.51.100.2', 5070);
  const [second, ...more] = all();
  expect(more).toEqual([]);
  expect(second).toMatchObject({
    ...{ fresh: false, complete: false },
    blocks: [
      { network: '198.51.100.5', forgeable: false, until: expect.any(Number) },
      { network: '198.51.100.1', until: 0 },
    ],
    familiar: [{ network: '203.0.113.1' }],
    passes: [{ address: '198.51.100.2', port: 5070 }],
  });
  expect(second).not.toHaveProperty('trusted');
});

test('the last change of each is told, one batch at a time', () => {
  feed.want(true);
  all();
  block('198.51.100.1');
  vi.advanceTimersByTime(20);
  expect(sent).toHaveLength(1);
  blocks.lift('198.51.100.1');
  block('198.51.100.1', 1000);
  blocks.lift('198.51.100.1');
  vi.advanceTimersByTime(100);
  expect(sent).toHaveLength(1);
  feed.done(sent[0]?.batch ?? 0);
  vi.advanceTimersByTime(20);
  expect(sent[1]?.blocks).toMatchObject([{ network: '198.51.100.1', until: 0 }]);
});

test('that the PBX is elsewhere is told within a second', () => {
  feed.want(true);
  all();
  trusted = ['192.0.2.11'];
  vi.advanceTimersByTime(1100);
  expect(sent).toMatchObject([{ trusted: ['192.0.2.11'] }]);
});

test('more changes than are kept begin it anew', () => {
  feed.want(true);
  all();
  for (let one = 0; one < 10; one++) block(`198.51.100.${one}`);
  const told = all();
  expect(told[0]?.fresh).toBe(true);
  expect(new Set(networks(told)).size).toBe(10);
});

test('nothing more is told to whoever does not want it any more', () => {
  feed.want(true);
  all();
  feed.want(false);
  block('198.51.100.1');
  trusted = [];
  vi.advanceTimersByTime(5000);
  expect(sent).toEqual([]);
});

test('when ends are other moments than before all is told anew', () => {
  block('198.51.100.1');
  feed.want(true);
  all();
  feed.tellAll();
  const told = all();
  expect(told[0]).toMatchObject({ fresh: true, complete: true, trusted });
  expect(networks(told)).toEqual(['198.51.100.1']);
});
