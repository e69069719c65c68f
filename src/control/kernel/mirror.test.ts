import { expect, test } from 'vitest';
import type { EnforcementBatch } from '../../data/messages.ts';
import { type NetworkSet, nameOf } from './block-sets.ts';
import { Mirror } from './mirror.ts';

const now = 1_800_000_000_000;
const batch = (parts: Partial<EnforcementBatch>): EnforcementBatch => ({
  ...{ batch: 1, fresh: false, complete: false, blocks: [], familiar: [], passes: [] },
  ...parts,
});
const block = (network: string, until: number | undefined = now + 1000, forgeable = false) => ({
  network,
  until,
  forgeable,
});
/** `add blocked4_32 192.0.2.7`. */
const changes = (mirror: Mirror, parts: Partial<EnforcementBatch>): readonly string[] =>
  mirror
    .take(batch(parts), now)
    .map(({ kind, set, element }) => `${kind} ${nameOf(set)} ${element}`);
const elements = (mirror: Mirror, set: NetworkSet) => [...mirror.in(set).keys()];
const hosts: NetworkSet = { kind: 'blocked', family: 4, bits: 32 };

test('each network is in the set of its kind, family and length', () => {
  const mirror = new Mirror();
  expect(
    changes(mirror, {
      blocks: [
        block('192.0.2.7'),
        block('10.0.0.0/255.0.0.0'),
        block('2001:db8:1:2::/64', undefined),
        block('198.51.100.7', now + 1, true),
      ],
      familiar: [
        { network: '203.0.113.7', until: undefined },
        { network: '2001:0db8:0001:0002::/64', until: now + 5 },
      ],
    }),
  ).toEqual([
    'add blocked4_32 192.0.2.7',
    'add blocked4_8 10.0.0.0',
    'add blocked6_64 2001:db8:1:2::',
    'add unproven4_32 198.51.100.7',
    'add known4_32 203.0.113.7',
    'add known6_64 2001:db8:1:2::',
  ]);
  expect(mirror.counts).toMatchObject({ blocked: 3, unproven: 1, known: 2 });
});

test('only what changes is said; what is no network changes nothing', () => {
  const mirror = new Mirror();
  changes(mirror, { blocks: [block('192.0.2.7')] });
  expect(changes(mirror, { blocks: [block('192.0.2.7', now + 9000)] })).toEqual([
    'replace blocked4_32 192.0.2.7',
  ]);
  expect(changes(mirror, { blocks: [block('192.0.2.8', 0), block('} flush ruleset')] })).toEqual(
    [],
  );
  expect(changes(mirror, { blocks: [block('192.0.2.7', 0)] })).toEqual([
    'remove blocked4_32 192.0.2.7',
  ]);
  expect(elements(mirror, hosts)).toEqual([]);
});

test('a block that is proven moves', () => {
  const mirror = new Mirror();
  changes(mirror, { blocks: [block('192.0.2.7', now + 9000, true)] });
  expect(changes(mirror, { blocks: [block('192.0.2.7', now + 9000)] })).toEqual([
    'add blocked4_32 192.0.2.7',
    'remove unproven4_32 192.0.2.7',
  ]);
});

test('what has expired the kernel has let go by itself', () => {
  const mirror = new Mirror();
  mirror.take(batch({ blocks: [block('192.0.2.7', now + 10), block('192.0.2.8')] }), now);
  expect(mirror.take(batch({ blocks: [block('192.0.2.7', 0)] }), now + 20)).toEqual([]);
  mirror.forgetExpired(now + 1000);
  expect(elements(mirror, hosts)).toEqual([]);
});

test('what lists name comes and goes with them', () => {
  const mirror = new Mirror();
  const take = (...listed: readonly (readonly ['allowed' | 'listed' | 'firm', string])[]) =>
    mirror
      .takeListed(listed.map(([kind, network]) => ({ kind, network })))
      .map(({ kind, set, element }) => `${kind} ${nameOf(set)} ${element}`);
  changes(mirror, { blocks: [block('192.0.2.9')] });
  expect(take(['listed', '192.0.2.0/24'], ['firm', '192.0.2.9'], ['allowed', '192.0.2.8'])).toEqual(
    ['add listed4_24 192.0.2.0', 'add firm4_32 192.0.2.9', 'add allowed4_32 192.0.2.8'],
  );
  expect(take(['listed', '192.0.2.0/24'], ['listed', '192.0.2.9'])).toEqual([
    'add listed4_32 192.0.2.9',
    'remove firm4_32 192.0.2.9',
    'remove allowed4_32 192.0.2.8',
  ]);
  expect(mirror.counts).toMatchObject({ blocked: 1, listed: 2, firm: 0, allowed: 0 });
});
