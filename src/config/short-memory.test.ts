import { expect, test } from 'vitest';
import { isMemoryShort } from './short-memory.ts';

test.each([
  [200_000_000, true],
  [2 ** 28, true],
  [2 ** 29, false],
  [0, false],
  [2 ** 63, false],
])('a limit of %i bytes is little: %s', (limit, little) =>
  expect(isMemoryShort(limit)).toBe(little),
);
