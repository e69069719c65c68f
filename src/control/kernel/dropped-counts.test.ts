import { expect, test } from 'vitest';
import { DroppedCounts } from './dropped-counts.ts';

test('a new table counts from zero; what was counted before stays', () => {
  const dropped = new DroppedCounts();
  dropped.read(new Map([['firewall', 5]]));
  dropped.read(new Map([['firewall', 8]]));
  expect(dropped.all).toMatchObject({ firewall: 8, 'strangers-share': 0 });
  dropped.begunAnew();
  expect(dropped.all.firewall).toBe(8);
  dropped.read(new Map([['firewall', 2]]));
  expect(dropped.all.firewall).toBe(10);
});
