import { expect, test } from 'vitest';
import { cpuMeter } from '../../test/support/cpu-meter.ts';
import { parseNetwork } from '../limits/address-key.ts';
import type { SourceList } from '../limits/listed-networks.ts';
import { joinLists, sliceLists } from './sliced-lists.ts';

const list = (name: string, mode: SourceList['mode'] = 'block'): SourceList => ({
  ...{ name, mode, from: 'example.com', sparesPhones: true, readAt: 0 },
});

const read = (texts: readonly string[]) => texts.flatMap((text) => parseNetwork(text) ?? []);

/** A third of them networks, one in ten IPv6. */
const many = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => {
    const [high, middle, low] = [at >> 16, (at >> 8) & 255, at & 255];
    if (at % 10 === 0) return `2001:db8:${high + 1}:${((at & 65_535) + 1).toString(16)}::/64`;
    return at % 3 === 0 ? `${20 + high}.${middle}.${low}.0/24` : `${60 + high}.${middle}.${low}.9`;
  });

test('what is sliced is joined as it was, each of its list', async () => {
  const named = [['192.0.2.1', '2001:db8::/32'], ['198.51.100.0/24']];
  const sliced = sliceLists([list('a'), list('b', 'shadow')], (at) => read(named[at] ?? []));
  const joined = await joinLists(structuredClone(sliced));
  expect(joined.find('block', '192.0.2.1')?.list).toBe('a');
  expect(joined.find('block', '2001:db8:5::1')?.network).toBe('2001:db8::/32');
  expect(joined.find('shadow', '198.51.100.77')?.list).toBe('b');
  expect(joined.counts.map(({ networks }) => networks)).toEqual([2, 1]);
});

test('no lists are an empty table', async () => {
  const joined = await joinLists(sliceLists([], () => []));
  expect(joined.find('block', '192.0.2.1')).toBeUndefined();
});

test('a hundred thousand are sliced and joined in less than two seconds, and hold nobody up', async () => {
  const networks = many(100_000);
  const spent = cpuMeter();
  const sliced = sliceLists([list('a')], () => read(networks));
  const longest = longestTurn();
  const joined = await joinLists(sliced);
  expect(longest()).toBeLessThan(15);
  expect(spent()).toBeLessThan(2000);
  expect(joined.blocked).toBe(100_000);
  for (const network of networks.slice(0, 1000)) {
    const [address = ''] = network.split('/');
    expect(joined.find('block', address)?.network).toBe(network);
  }
});

/** What the longest turn of the event loop from now on costs this thread, in ms, whoever else uses the machine. */
function longestTurn(): () => number {
  let longest = 0;
  let running = true;
  let last = process.threadCpuUsage();
  const look = (): void => {
    const { user, system } = process.threadCpuUsage(last);
    longest = Math.max(longest, (user + system) / 1000);
    last = process.threadCpuUsage();
    if (running) setImmediate(look);
  };
  setImmediate(look);
  return () => {
    running = false;
    return longest;
  };
}
