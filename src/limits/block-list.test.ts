import { describe, expect, test } from 'vitest';
import type { BlockChange, BlockEntry, BlockOrder } from './block-entry.ts';
import { BlockList, type BlockListOptions } from './block-list.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

const byRule = (network: string, forMs: number | undefined = MINUTE): BlockOrder => ({
  network,
  by: 'rule',
  rule: 'auto-defence',
  evidence: '121 packets in 60 s',
  forMs,
});
const byOperator = (network: string, forMs?: number): BlockOrder => ({
  network,
  by: 'operator',
  rule: 'manual',
  evidence: '',
  note: 'asked for by Eve',
  forMs,
});

function listTold(options: BlockListOptions = {}): { list: BlockList; told: string[] } {
  const told: string[] = [];
  const onChange = ({ kind, entry }: BlockChange) => told.push(`${kind} ${entry.network}`);
  return { list: new BlockList({ ...options, onChange }), told };
}

describe('who is blocked', () => {
  test('what a rule blocked stays blocked for its time and not longer', () => {
    const { list } = listTold();
    list.block(byRule('192.0.2.1'), 1000);
    expect(list.isBlocked('192.0.2.1', 1000 + MINUTE - 1)?.rule).toBe('auto-defence');
    expect(list.isBlocked('192.0.2.1', 1000 + MINUTE)).toBeUndefined();
    expect(list.isBlocked('192.0.2.2', 1000)).toBeUndefined();
  });

  test('where the clock goes back a rule’s block lasts no longer, and an operator’s until he said', () => {
    const { list, told } = listTold();
    list.block(byRule('192.0.2.1'), DAY);
    list.block(byOperator('192.0.2.2', MINUTE), DAY);
    list.clockSet(-DAY, 0);
    expect(list.isBlocked('192.0.2.1', MINUTE - 1)).toBeDefined();
    expect(list.isBlocked('192.0.2.1', MINUTE)).toBeUndefined();
    expect(list.isBlocked('192.0.2.2', DAY)).toBeDefined();
    expect(told).toContain('changed 192.0.2.1');
    expect(told).not.toContain('changed 192.0.2.2');
  });

  test('where it goes back what a node blocked whose clock was right lasts as long as that said', () => {
    const { list } = listTold();
    const { list: there } = listTold();
    const row = there.block(byRule('192.0.2.1', DAY), MINUTE);
    if (row === undefined) throw new Error('not blocked');
    list.adopt(row, 2 * MINUTE);
    list.clockSet(-MINUTE, 2 * MINUTE);
    expect(list.isBlocked('192.0.2.1', DAY + MINUTE - 1)).toBeDefined();
  });

  test('where it goes forward all end by the new time', () => {
    const { list } = listTold();
    list.block(byRule('192.0.2.1'), 0);
    list.clockSet(DAY, DAY);
    expect(list.isBlocked('192.0.2.1', DAY)).toBeUndefined();
  });

  test('an entry says who, why, since when and until when', () => {
    const { list } = listTold();
    expect(list.block(byRule('192.0.2.1'), 1000)).toMatchObject({
      network: '192.0.2.1',
      by: 'rule',
      rule: 'auto-defence',
      evidence: '121 packets in 60 s',
      firstSeen: 1000,
      lastSeen: 1000,
      hits: 0,
      until: 1000 + MINUTE,
      offences: 1,
    });
  });

  test('an IPv4 address that comes over an IPv6 socket is the same', () => {
    const { list } = listTold();
    list.block(byRule('192.0.2.1'), 0);
    expect(list.isBlocked('::ffff:192.0.2.1', 0)).toBeDefined();
  });

  test('a rule blocks the /64 of an IPv6 address, an operator what he wrote', () => {
    const { list } = listTold();
    expect(list.block(byRule('2001:db8:1:2::9'), 0)?.network).toBe('2001:db8:1:2::/64');
    list.block(byOperator('2001:db8:ffff::9'), 0);
    expect(list.isBlocked('2001:db8:1:2:3:4:5:6', 0)).toBeDefined();
    expect(list.isBlocked('2001:db8:ffff::9', 0)).toBeDefined();
    expect(list.isBlocked('2001:db8:ffff::8', 0)).toBeUndefined();
  });

  test.each(['203.0.113.0/24', '203.0.113.0/255.255.255.0'])('%s blocks all in it', (network) => {
    const { list } = listTold();
    expect(list.block(byOperator(network), 0)?.network).toBe(network);
    expect(list.isBlocked('203.0.113.200', 1e15)).toMatchObject({ network, until: undefined });
    expect(list.isBlocked('203.0.114.1', 0)).toBeUndefined();
  });

  test('when a narrow block ends, a wider one goes on', () => {
    const { list } = listTold();
    list.block(byOperator('203.0.113.0/24'), 0);
    list.block(byRule('203.0.113.9'), 0);
    expect(list.isBlocked('203.0.113.9', 0)?.by).toBe('rule');
    expect(list.isBlocked('203.0.113.9', MINUTE)?.by).toBe('operator');
  });

  test('what is no address or network is not blocked, and says so', () => {
    const { list } = listTold();
    for (const text of ['', 'host', '192.0.2.0/33', '192.0.2.1:5060', '[2001:db8::1]'])
      expect(list.block(byOperator(text), 0)).toBeUndefined();
    expect(list.size).toBe(0);
  });

  test('what was refused elsewhere counts', () => {
    const { list } = listTold();
    list.block(byOperator('192.0.2.0/24'), 0);
    list.cameElsewhere('192.0.2.0/24', 40, 7);
    list.cameElsewhere('192.0.3.0/24', 40, 7);
    expect(list.isBlocked('192.0.2.9', 8)).toMatchObject({ hits: 40, lastSeen: 7 });
  });
  test('every touch counts', () => {
    const { list } = listTold();
    list.block(byRule('192.0.2.1'), 0);
    for (let now = 1; now <= 5; now++) list.touch('192.0.2.1', now);
    expect(list.touch('192.0.2.2', 6)).toBeUndefined();
    expect(list.isBlocked('192.0.2.1', 7)).toMatchObject({ hits: 5, lastSeen: 5, firstSeen: 0 });
  });
});

describe('repeat offenders', () => {
  const blockTimes = (list: BlockList, starts: readonly number[]) =>
    starts.map((now) => (list.block(byRule('192.0.2.1'), now)?.until ?? 0) - now);

  test('each further offence doubles the time', () => {
    const times = blockTimes(new BlockList(), [0, DAY, 2 * DAY, 3 * DAY]);
    expect(times).toEqual([MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE]);
  });

  test('up to the longest, and no block is made shorter by that', () => {
    const escalation = { factor: 10, mostMs: 5 * MINUTE, memoryMs: DAY };
    const list = new BlockList({ escalation });
    expect(blockTimes(list, [0, 6 * MINUTE])).toEqual([MINUTE, 5 * MINUTE]);
    expect(list.block(byRule('192.0.2.1', DAY), 20 * MINUTE)?.until).toBe(20 * MINUTE + DAY);
  });

  test('offences are forgotten a month after the last block ended', () => {
    const { list } = listTold();
    expect(blockTimes(list, [0, 30 * DAY + MINUTE - 1])).toEqual([MINUTE, 2 * MINUTE]);
    expect(blockTimes(list, [60 * DAY + 3 * MINUTE])).toEqual([MINUTE]);
  });

  test('what is reported of one who is blocked is no further offence', () => {
    const { list } = listTold();
    list.block(byRule('192.0.2.1'), 0);
    expect(list.block(byRule('192.0.2.1'), 10)).toMatchObject({ offences: 1, until: MINUTE + 10 });
  });

  test('another address of the /64 is the same offender', () => {
    const { list } = listTold();
    list.block(byRule('2001:db8::1'), 0);
    expect(list.block(byRule('2001:db8::2'), DAY)?.offences).toBe(2);
  });

  test('an operator’s block is no offence, and lifting forgives', () => {
    const { list } = listTold();
    list.block(byOperator('192.0.2.1', MINUTE), 0);
    expect(list.block(byRule('192.0.2.1'), DAY)?.offences).toBe(1);
    list.lift('192.0.2.1');
    expect(list.block(byRule('192.0.2.1'), DAY)?.offences).toBe(1);
  });
});

describe('several reasons to block one network', () => {
  test('a rule does not touch what an operator ordered', () => {
    const { list, told } = listTold();
    list.block(byOperator('192.0.2.1', DAY), 0);
    list.block(byRule('192.0.2.1', undefined), 0);
    expect(list.isBlocked('192.0.2.1', 0)).toMatchObject({ by: 'operator', until: DAY });
    expect(told).toEqual(['added 192.0.2.1']);
  });

  test('an operator’s word replaces a rule’s, also with an earlier end', () => {
    const { list, told } = listTold();
    list.block(byRule('192.0.2.1', DAY), 0);
    list.block(byOperator('192.0.2.1', MINUTE), 0);
    expect(list.isBlocked('192.0.2.1', MINUTE)).toBeUndefined();
    expect(told).toEqual(['added 192.0.2.1', 'changed 192.0.2.1', 'expired 192.0.2.1']);
  });
});

test('it is known how many each rule has on the list, whatever became of them', () => {
  const { list } = listTold({ most: 3 });
  for (const host of [1, 2, 3, 4]) list.block(byRule(`192.0.2.${host}`, host * MINUTE), 0);
  expect([...list.byRule]).toEqual([['auto-defence', 3]]);
  list.block(byOperator('192.0.2.3'), 0);
  expect([...list.byRule].sort()).toEqual([
    ['auto-defence', 2],
    ['manual', 1],
  ]);
  list.lift('192.0.2.3');
  list.sweep(DAY);
  expect([...list.byRule]).toEqual([]);
});

describe('lifting, ending and finding', () => {
  test('a lifted block is gone, by any spelling of its network', () => {
    const { list, told } = listTold();
    list.block(byOperator('203.0.113.0/24'), 0);
    list.block(byRule('2001:db8::1'), 0);
    expect(list.lift('203.0.113.0/255.255.255.0')?.note).toBe('asked for by Eve');
    expect(list.lift('2001:db8::7')?.network).toBe('2001:db8::/64');
    expect(list.lift('203.0.113.0/24')).toBeUndefined();
    expect(list.size).toBe(0);
    expect(told.slice(2)).toEqual(['lifted 203.0.113.0/24', 'lifted 2001:db8::/64']);
  });

  test('what has expired is swept so many at a time, and told', () => {
    const { list, told } = listTold();
    for (let host = 0; host < 25; host++) list.block(byRule(`192.0.2.${host}`), host);
    list.block(byOperator('198.51.100.1'), 0);
    told.length = 0;
    expect(list.sweep(MINUTE + 19, 10)).toBe(true);
    expect(list.size).toBe(16);
    expect(list.sweep(MINUTE + 19, 10)).toBe(false);
    expect(told.length).toBe(20);
    expect(told[0]).toBe('expired 192.0.2.0');
    expect(list.size).toBe(6);
  });

  test('a search finds by network, rule, evidence, note, and by an address in the network', () => {
    const { list } = listTold();
    list.block(byOperator('203.0.113.0/24'), 0);
    list.block(byRule('192.0.2.1'), 0);
    list.block(byRule('2001:db8::1'), 0);
    const found = (text: string) =>
      [...list.entries()].filter(list.finder(text)).map(({ network }) => network);
    expect(found('113.0')).toEqual(['203.0.113.0/24']);
    expect(found('EVE')).toEqual(['203.0.113.0/24']);
    expect(found('121 packets')).toEqual(['192.0.2.1', '2001:db8::/64']);
    expect(found('203.0.113.77')).toEqual(['203.0.113.0/24']);
    expect(found('2001:db8::42')).toEqual(['2001:db8::/64']);
    expect(found('203.0.114.77')).toEqual([]);
  });
});

describe('a list that is full', () => {
  test('the rules’ block that ends soonest goes, and is told of', () => {
    const { list, told } = listTold({ most: 3 });
    list.block(byRule('192.0.2.1', 3 * MINUTE), 0);
    list.block(byRule('192.0.2.2', MINUTE), 0);
    list.block(byOperator('192.0.2.3', 10), 0);
    list.block(byRule('192.0.2.4', 2 * MINUTE), 0);
    expect([...list.entries()].map(({ network }) => network).sort()).toEqual([
      '192.0.2.1',
      '192.0.2.3',
      '192.0.2.4',
    ]);
    expect(told.at(-2)).toBe('displaced 192.0.2.2');
  });

  test('a flood of short blocks does not push out a long one', () => {
    const { list } = listTold({ most: 10 });
    list.block(byRule('192.0.2.1', DAY), 0);
    for (let host = 0; host < 1000; host++)
      list.block(byRule(`10.0.${host >> 8}.${host & 255}`, MINUTE), host);
    expect(list.size).toBe(10);
    expect(list.isBlocked('192.0.2.1', 1000)).toBeDefined();
    list.block(byRule('198.51.100.1', 1), 1000);
    expect(list.isBlocked('198.51.100.1', 1000)).toBeUndefined();
  });

  test('an operator always finds room beside rules', () => {
    const { list } = listTold({ most: 2 });
    list.block(byRule('192.0.2.1', 2 * DAY), 0);
    list.block(byRule('192.0.2.2', DAY), 0);
    list.block(byOperator('192.0.2.3', MINUTE), 0);
    expect(list.isBlocked('192.0.2.2', 0)).toBeUndefined();
    expect(list.block(byOperator('192.0.2.5', MINUTE), 0)).toBeDefined();
  });

  test('operators’ blocks never go: there is no room beside them', () => {
    const { list } = listTold({ most: 2 });
    list.block(byOperator('192.0.2.1', MINUTE), 0);
    list.block(byOperator('192.0.2.2'), 0);
    expect(list.block(byOperator('192.0.2.3'), 0)).toBeUndefined();
    expect(list.block(byRule('192.0.2.4', DAY), 0)).toBeUndefined();
    expect(list.block(byRule('192.0.2.4', DAY), MINUTE)).toBeDefined();
  });
});

describe('what was stored', () => {
  const rowsOf = (list: BlockList): BlockEntry[] =>
    [...list.entries()].map(
      ({ network, by, rule, evidence, note, firstSeen, lastSeen, hits, until, ...how }) => ({
        ...{ network, by, rule, evidence, note },
        ...{ firstSeen, changedAt: how.changedAt, lastSeen, hits, until },
        ...{ forgeable: how.forgeable, offences: how.offences },
      }),
    );

  test('comes back as it was, and is not told again', () => {
    const { list: before } = listTold();
    before.block(byRule('2001:db8::1'), 0);
    before.block(byOperator('203.0.113.0/24'), 0);
    before.touch('203.0.113.1', 5);
    const { list, told } = listTold();
    expect(list.load(rowsOf(before), 10)).toBe(2);
    expect(rowsOf(list)).toEqual(rowsOf(before));
    expect(list.isBlocked('2001:db8::9', 10)).toBeDefined();
    expect(told).toEqual([]);
  });

  test('a rule’s lasts no longer for a clock that was ahead then; an operator’s does until he said', () => {
    const { list: before } = listTold();
    before.block(byRule('192.0.2.1'), 365 * DAY);
    before.block(byOperator('192.0.2.2', MINUTE), 365 * DAY);
    const { list } = listTold();
    expect(list.load(rowsOf(before), DAY)).toBe(2);
    expect(list.isBlocked('192.0.2.1', DAY + MINUTE - 1)).toBeDefined();
    expect(list.isBlocked('192.0.2.1', DAY + MINUTE)).toBeUndefined();
    expect(list.isBlocked('192.0.2.2', 365 * DAY)).toBeDefined();
  });

  test('nor shorter, where the clock was set back while it ran', () => {
    const { list: before } = listTold();
    before.block(byRule('192.0.2.1'), DAY);
    before.clockSet(-DAY, 0);
    const { list } = listTold();
    list.load(rowsOf(before), 1000);
    expect(list.isBlocked('192.0.2.1', MINUTE - 1)).toBeDefined();
    expect(list.isBlocked('192.0.2.1', MINUTE)).toBeUndefined();
  });

  test('of what has expired meanwhile the offences are remembered, and no block', () => {
    const { list: before } = listTold();
    before.block(byRule('192.0.2.1'), 0);
    const { list } = listTold();
    expect(list.load(rowsOf(before), MINUTE)).toBe(0);
    expect(list.isBlocked('192.0.2.1', MINUTE)).toBeUndefined();
    expect(list.block(byRule('192.0.2.1'), DAY)?.offences).toBe(2);
  });
});

describe('what another node decided', () => {
  /** Two nodes that tell each other everything, until nothing is left to be told. */
  function twoNodes() {
    const waiting: (() => void)[] = [];
    const lists: BlockList[] = [];
    let now = 0;
    const tell = (to: number) => (change: BlockChange) => {
      const { kind, elsewhere, entry } = change;
      if (elsewhere === true || entry.forgeable) return;
      const row = { ...entry };
      if (kind === 'lifted') waiting.push(() => lists[to]?.liftedElsewhere(row.network, now));
      else if (kind !== 'expired') waiting.push(() => lists[to]?.adopt(row, now));
    };
    const [a, b] = [
      new BlockList({ onChange: tell(1) }),
      new BlockList({ onChange: tell(0) }),
    ] as const;
    lists.push(a, b);
    return {
      ...{ a, b },
      at(time: number) {
        now = time;
      },
      exchange() {
        for (let told = 0; waiting.length > 0; told++) {
          expect(told).toBeLessThan(20);
          waiting.shift()?.();
        }
      },
    };
  }
  const both = (nodes: ReturnType<typeof twoNodes>, address: string, now: number) =>
    [nodes.a, nodes.b].map((list) => list.isBlocked(address, now));

  test('of two operators’ words in the same instant the longer holds on both', () => {
    const { a, b, exchange } = twoNodes();
    a.block(byOperator('192.0.2.1', MINUTE), 0);
    b.block(byOperator('192.0.2.1'), 0);
    exchange();
    expect([a, b].map((list) => list.isBlocked('192.0.2.1', DAY)?.until)).toEqual([
      undefined,
      undefined,
    ]);
    expect([a, b].map((list) => list.isBlocked('192.0.2.1', DAY)?.by)).toEqual([
      'operator',
      'operator',
    ]);
  });

  test('holds here too, for as long, and an offence there is one here', () => {
    const nodes = twoNodes();
    nodes.a.block(byRule('192.0.2.1'), 0);
    nodes.exchange();
    expect(nodes.b.isBlocked('192.0.2.1', MINUTE - 1)).toMatchObject({
      rule: 'auto-defence',
      until: MINUTE,
    });
    expect(nodes.b.isBlocked('192.0.2.1', MINUTE)).toBeUndefined();
    expect(nodes.b.block(byRule('192.0.2.1'), MINUTE)?.offences).toBe(2);
  });

  test.each([
    ['the longer one', byRule('192.0.2.1', MINUTE), byRule('192.0.2.1', DAY), 'auto-defence', DAY],
    [
      'an operator’s word',
      byOperator('192.0.2.1', MINUTE),
      byRule('192.0.2.1', DAY),
      'manual',
      MINUTE,
    ],
    [
      'the later word',
      byOperator('192.0.2.1', DAY),
      byOperator('192.0.2.1', MINUTE),
      'manual',
      MINUTE,
    ],
  ])('of two, %s holds on both', (_which, one, other, rule, until) => {
    for (const [first, second] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const nodes = twoNodes();
      nodes[first].block(one, 0);
      nodes.at(10);
      nodes[second].block(other, 10);
      nodes.exchange();
      const [here, there] = both(nodes, '192.0.2.1', 20);
      expect(here).toMatchObject({ rule });
      expect(there).toMatchObject({ rule });
      expect(Math.abs((here?.until ?? 0) - until)).toBeLessThanOrEqual(10);
      expect(there?.until).toBe(here?.until);
    }
  });

  test('is lifted on both, but not what was decided since', () => {
    const nodes = twoNodes();
    nodes.a.block(byRule('192.0.2.1'), 0);
    nodes.exchange();
    nodes.at(10);
    nodes.b.lift('192.0.2.1');
    nodes.exchange();
    expect(both(nodes, '192.0.2.1', 10)).toEqual([undefined, undefined]);
    nodes.a.block(byRule('192.0.2.1'), 20);
    nodes.a.liftedElsewhere('192.0.2.1', 15);
    expect(nodes.a.isBlocked('192.0.2.1', 20)).toBeDefined();
  });

  test('outweighs what anybody could have brought about here', () => {
    const nodes = twoNodes();
    nodes.a.block({ ...byRule('192.0.2.1', DAY), forgeable: true }, 0);
    nodes.b.block(byRule('192.0.2.1'), 0);
    nodes.exchange();
    expect(nodes.a.isBlocked('192.0.2.1', 1)).toMatchObject({ forgeable: false, until: MINUTE });
  });
});
