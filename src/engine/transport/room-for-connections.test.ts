import { expect, test } from 'vitest';
import { roomForConnections } from './room-for-connections.ts';

const limits = (most: string) =>
  `Limit                     Soft Limit           Hard Limit           Units
Max processes             63418                63418                processes
Max open files            ${most.padEnd(21)}${most.padEnd(21)}files
`;

test.each([
  ['20000', 19_500],
  ['1024', 524],
  ['256', 128],
  ['unlimited', Number.POSITIVE_INFINITY],
])('of %s files that may be open %d are for connections', (most, room) => {
  expect(roomForConnections(limits(most))).toBe(room);
});

test('what the system does not say limits nothing', () => {
  expect(roomForConnections('')).toBe(Number.POSITIVE_INFINITY);
});

test('of this process it is known', () => {
  expect(roomForConnections()).toBeGreaterThan(0);
});
