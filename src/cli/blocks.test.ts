import { expect, test } from 'vitest';
import { showBlocks } from './blocks.ts';

const now = 1_800_000_000_000;
const entry = {
  network: '203.0.113.7',
  by: 'rule',
  rule: 'scanners',
  evidence: 'User-Agent "sip\u001b[31mcli"',
  firstSeen: now - 60_000,
  changedAt: now - 60_000,
  lastSeen: now - 5000,
  hits: 12,
  until: now + 3_540_000,
  forgeable: false,
  offences: 1,
} as const;

test('a block is shown with who, why, how often and until when, and nothing that drives a terminal', () => {
  expect(showBlocks({ count: 3, listed: 0, found: 1, rows: [entry] }, 'scanners', now)).toBe(
    '3 sources blocked, 1 found\n' +
      '  203.0.113.7  59 min 0 s left  scanners  User-Agent "sip?[31mcli"  since 1 min 0 s  came 12 times, last 5 s ago',
  );
});

test('nobody, nobody found, and too many to show are said', () => {
  expect(showBlocks({ count: 0, listed: 0, found: 0, rows: [] }, '', now)).toBe(
    'Nobody is blocked.',
  );
  expect(showBlocks({ count: 3, listed: 0, found: 0, rows: [] }, 'x', now)).toBe(
    '3 sources blocked, none of them found by "x".',
  );
  const forGood = { ...entry, until: undefined, hits: 0 };
  expect(showBlocks({ count: 30, listed: 0, found: 30, rows: [forGood] }, '', now)).toMatch(
    /for good .* did not come again\n {2}and 29 others; --all lists them$/,
  );
});
