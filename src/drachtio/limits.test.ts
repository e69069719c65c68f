import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { limits } from './limits.ts';

test('the README has the limits that the code has, all of them and no others (S6)', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const table =
    /\n\| Not there +\| Instead +\|\n\|[-| ]+\|\n((?:\|.*\|\n)+)/.exec(readme)?.[1] ?? '';
  const rows = table
    .trimEnd()
    .split('\n')
    .map((row) => row.split('|').map((cell) => cell.trim()))
    .map(([, what, instead]) => ({ what, instead }));
  expect(rows).toEqual(limits);
});
