import { expect, test } from 'vitest';
import { turnsDuring } from '../../test/support/turns-during.ts';
import { BlockList } from '../limits/block-list.ts';
import { ListedNetworks } from '../limits/listed-networks.ts';
import { findBlocks, latestOf } from './blocks.ts';

const BLOCKS = 20_000;
const PER_TURN = 500;

function manyBlocks(): BlockList {
  const blocks = new BlockList();
  for (let one = 0; one < BLOCKS; one++) {
    const network = `20.${one >> 14}.${(one >> 7) & 127}.${one & 127}`;
    const order = {
      network,
      by: 'rule',
      rule: 'scanners',
      evidence: `sipcli/${one % 10}`,
    } as const;
    blocks.block({ ...order, forMs: 60_000 }, 1_000_000 + ((one * 7919) % BLOCKS));
  }
  return blocks;
}

/** What is found, in which parts it was told, and how often others had their turn meanwhile. */
async function find(search: string, rows: number) {
  const parts: number[] = [];
  const ahead: Parameters<Parameters<typeof findBlocks>[3]>[0][number][] = [];
  const gatekeeper = { blocks: manyBlocks(), listed: new ListedNetworks() };
  const { turns, result: answer } = await turnsDuring(() =>
    findBlocks(gatekeeper, search, rows, (part) => {
      parts.push(part.length);
      ahead.push(...part);
    }),
  );
  return { answer, turns, parts, all: latestOf([...ahead, ...answer.rows], rows) };
}

test('of twenty thousand blocks the latest are found, and packets pass meanwhile', async () => {
  const { answer, turns, parts } = await find('', 3);
  expect(answer).toMatchObject({ count: BLOCKS, found: BLOCKS });
  expect(answer.rows.map(({ lastSeen }) => lastSeen - 1_000_000)).toEqual([19_999, 19_998, 19_997]);
  expect(parts).toEqual([]);
  expect(turns).toBeGreaterThanOrEqual(BLOCKS / PER_TURN);
});

test('all of them are told a few at a time', async () => {
  const { answer, turns, parts, all } = await find('sipcli/7', Number.MAX_SAFE_INTEGER);
  expect(answer).toMatchObject({ count: BLOCKS, found: BLOCKS / 10, rows: [] });
  expect(all).toHaveLength(BLOCKS / 10);
  expect(
    all.every(({ lastSeen }, at) => at === 0 || lastSeen <= (all[at - 1]?.lastSeen ?? 0)),
  ).toBe(true);
  expect(Math.max(...parts)).toBeLessThanOrEqual(PER_TURN);
  expect(turns).toBeGreaterThanOrEqual(BLOCKS / PER_TURN);
});
