import { expect, test } from 'vitest';
import { extensionsOf } from '../../test/support/some-facts.ts';
import { ExtensionCounts } from './extension-counts.ts';

const nothing = [{ live: () => 0 }, { ofUser: () => [] }] as const;
const namesIn = (counts: ExtensionCounts) => counts.stats(...nothing).map(({ name }) => name);

test('only those in the list that are to have metrics have them, by whatever word', () => {
  const counts = new ExtensionCounts();
  counts.follow(
    extensionsOf({
      groups: { bosses: { metrics: true } },
      list: { 1001: { metrics: true }, 1002: {}, 1003: { groups: ['bosses'] } },
    }),
  );
  expect(namesIn(counts)).toEqual(['1001', '1003']);
  counts.follow(
    extensionsOf({ defaults: { metrics: true }, list: { 1001: { metrics: false }, 1002: {} } }),
  );
  expect(namesIn(counts)).toEqual(['1002']);
  counts.follow(extensionsOf({ defaults: { metrics: true } }));
  expect(counts.none).toBe(true);
});

test('whom a stranger says he is makes no row', () => {
  const counts = new ExtensionCounts();
  counts.follow(extensionsOf({ list: { 1001: { metrics: true } } }));
  for (const name of ['1001', 'mallory', undefined, '1001']) counts.count('refused', name);
  expect(counts.stats({ live: () => 3 }, { ofUser: () => [] })).toEqual([
    { name: '1001', registrations: 0, live: 3, calls: 0, refused: 2, failed: 0 },
  ]);
});

test('what was counted stays over a reload', () => {
  const counts = new ExtensionCounts();
  const extensions = extensionsOf({ list: { 1001: { metrics: true } } });
  counts.follow(extensions);
  counts.count('calls', '1001');
  counts.follow(extensions);
  expect(counts.stats(...nothing)).toMatchObject([{ calls: 1 }]);
});
