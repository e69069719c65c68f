import { closeSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openFiles } from './open-files.ts';

test('a file more is one more', () => {
  const before = openFiles();
  const file = openSync('/dev/null', 'r');
  try {
    expect(openFiles()?.open).toBe((before?.open ?? Number.NaN) + 1);
  } finally {
    closeSync(file);
  }
  expect(before?.most).toBeGreaterThan(before?.open ?? Number.POSITIVE_INFINITY);
});
