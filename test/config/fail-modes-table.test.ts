import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { catalogue } from '../../src/control/metrics/catalogue.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string): string => readFileSync(`${root}${file}`, 'utf8');

const [head = [], , ...rows] = read('docs/fail-modes.md')
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

/** Texts that are cut into several lines are whole again. */
const source = globSync(`${root}src/**/*.ts`)
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n')
  .replace(/'\s*\+\s*'/g, '');
const metrics = catalogue.flatMap((section) => section.metrics.map(({ name }) => name));

const quoted = (cell: string): readonly string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);

/** Everything that stands in quotes, one a line. */
const titlesIn = (file: string): string =>
  (read(file).match(/(['"`])(?:(?!\1)[^\n])*\1/g) ?? []).join('\n');

test('the table of fail modes says of each what happens, who gets in, log, metric and test', () => {
  expect(head).toEqual([
    'What fails',
    'What happens',
    'Who gets in',
    'The log says',
    'Metric',
    'Test',
  ]);
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) expect([row.length, row.includes('')]).toEqual([head.length, false]);
});

describe.each(rows.map((row) => [row[0] ?? '', row] as const))('%s', (_what, row) => {
  const [, , , says = '', metric = '', tests = ''] = row;

  test('has a test that is there', () => {
    const named = [...tests.matchAll(/`([^`]+\.test\.ts)`: ([^;`]+)(?:; |$)/g)];
    expect(named).toHaveLength(quoted(tests).length);
    expect(named).not.toEqual([]);
    for (const [, file = '', title = ''] of named)
      expect([file, title, titlesIn(file).includes(title)]).toEqual([file, title, true]);
  });

  test('has the words of the log', () => {
    for (const part of quoted(says).flatMap((text) => text.split('…')))
      expect([part, source.includes(part.trim())]).toEqual([part, true]);
  });

  test('has metrics of the catalogue', () => {
    for (const name of quoted(metric).filter((one) => one.startsWith('drawbridge_')))
      expect(metrics).toContain(name);
  });
});
