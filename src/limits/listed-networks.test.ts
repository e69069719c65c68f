import { expect, test } from 'vitest';
import { parseNetwork } from './address-key.ts';
import { ListedNetworks, type ListMode, type SourceList } from './listed-networks.ts';

const list = (name: string, mode: ListMode = 'block'): SourceList => ({
  ...{ name, mode, from: `${name}.example.com`, sparesPhones: true, readAt: 1000 },
});

/** Lists, and what each names. */
function listed(...lists: readonly (readonly [SourceList, ...string[]])[]): ListedNetworks {
  const table = new ListedNetworks(lists.map(([one]) => one));
  for (const [place, [, ...networks]] of lists.entries())
    for (const text of networks) {
      const network = parseNetwork(text);
      if (network !== undefined) table.add(place, network);
    }
  return table;
}

test('an address is found in the narrowest network that names it, IPv4 and IPv6, and said by which list', () => {
  const table = listed([list('a'), '203.0.113.0/24', '2001:db8::/48'], [list('b'), '203.0.113.7']);
  expect(table.find('block', '203.0.113.7')).toMatchObject({
    ...{ network: '203.0.113.7', by: 'list', list: 'b', rule: 'the list b' },
    ...{ evidence: 'from b.example.com', until: undefined, forgeable: true },
  });
  expect(table.find('block', '203.0.113.8')).toMatchObject({
    network: '203.0.113.0/24',
    list: 'a',
  });
  expect(table.find('block', '2001:db8::1')).toMatchObject({ network: '2001:db8::/48' });
  expect(table.find('block', '::ffff:203.0.113.8')).toMatchObject({ network: '203.0.113.0/24' });
  for (const address of ['203.0.112.1', '2001:db8:1::1', 'no address'])
    expect(table.find('block', address)).toBeUndefined();
});

test('what two lists name is of the first', () => {
  const table = listed([list('a'), '203.0.113.7'], [list('b'), '203.0.113.7', '203.0.113.8']);
  expect(table.find('block', '203.0.113.7')?.list).toBe('a');
  expect(table.counts.map(({ networks }) => networks)).toEqual([1, 1]);
});

test('what is to be allowed, blocked and only counted is kept apart', () => {
  const table = listed(
    [list('a', 'allow'), '192.0.2.1'],
    [list('b', 'block'), '192.0.2.2'],
    [list('c', 'shadow'), '192.0.2.3'],
  );
  expect([table.allows('192.0.2.1'), table.allows('192.0.2.2')]).toEqual([true, false]);
  expect(table.find('block', '192.0.2.1')).toBeUndefined();
  expect(table.find('block', '192.0.2.3')).toBeUndefined();
  expect(table.find('shadow', '192.0.2.3')?.list).toBe('c');
  expect([table.blocked, table.inShadow]).toEqual([1, 1]);
});

test('who comes is counted by network and list, and told as new once', () => {
  const table = listed([list('a'), '203.0.113.0/24', '192.0.2.1']);
  const come = (address: string, now: number) => {
    const found = table.find('block', address);
    return found && table.touch(found, now);
  };
  expect([come('203.0.113.1', 2000), come('203.0.113.2', 3000)]).toEqual([true, false]);
  expect([...table.came('block')]).toMatchObject([
    { network: '203.0.113.0/24', hits: 2, lastSeen: 3000 },
  ]);
  expect(table.counts).toEqual([{ name: 'a', networks: 2, packets: 2, came: 1 }]);
});

test('what was counted goes on counting when the list is read again; what is no longer named is gone', () => {
  const before = listed([list('a'), '192.0.2.1', '192.0.2.2']);
  for (const address of ['192.0.2.1', '192.0.2.2']) {
    const found = before.find('block', address);
    if (found !== undefined) before.touch(found, 5000);
  }
  const after = listed([list('a'), '192.0.2.1', '192.0.2.3']);
  after.continues(before);
  expect([...after.came('block')]).toMatchObject([
    { network: '192.0.2.1', hits: 1, lastSeen: 5000 },
  ]);
  expect(after.counts).toEqual([{ name: 'a', networks: 2, packets: 2, came: 2 }]);
  expect(after.find('block', '192.0.2.2')).toBeUndefined();
});

test('what was refused elsewhere counts, and is told as new once', () => {
  const table = listed([list('a'), '203.0.113.0/24']);
  expect(table.cameElsewhere('203.0.113.0/24', 40, 2000)).toMatchObject({ hits: 40, list: 'a' });
  expect(table.cameElsewhere('203.0.113.0/24', 2, 3000)).toBeUndefined();
  expect(table.cameElsewhere('203.0.113.7', 9, 3000)).toBeUndefined();
  expect([...table.came('block')]).toMatchObject([{ hits: 42, lastSeen: 3000 }]);
  expect(table.counts).toEqual([{ name: 'a', networks: 1, packets: 42, came: 1 }]);
});
