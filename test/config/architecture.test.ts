import { globSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** From the top down: what is in `src` knows what stands in a later line, and nothing else. */
const floors = [
  ['main.ts'],
  ['cli'],
  ['app.ts', 'report'],
  ['app', 'doctor'],
  ['control', 'replay'],
  ['data'],
  ['engine', 'drachtio', 'setup'],
  ['config'],
  ['edge'],
  ['policy'],
  ['sip', 'numbers', 'limits', 'version.ts'],
];

const files = globSync('src/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts'));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
/** `edge` of `src/edge/call.ts`. */
const placeOf = (file: string): string => file.split('/')[1] ?? '';
const floorOf = (file: string): number =>
  floors.findIndex((places) => places.includes(placeOf(file)));

function upward(file: string, imported: string): boolean {
  const target = normalize(join(file, '..', imported));
  if (!target.startsWith('src/') || placeOf(target) === placeOf(file)) return false;
  return floorOf(target) <= floorOf(file);
}

test('all that is in src has its floor', () => {
  expect(files.filter((file) => floorOf(file) < 0)).toEqual([]);
});

test('imports point downward', () => {
  const found = files.flatMap((file) =>
    [...read(file).matchAll(/(?:\bfrom|\bimport\()\s*'(\.[^']+)'/g)]
      .filter(([, imported = '']) => upward(file, imported))
      .map(([statement]) => `${file}: ${statement}`),
  );
  expect(found).toEqual([]);
});

test('one that points upward, or aside, would be noticed', () => {
  expect(upward('src/sip/message/via.ts', '../../policy/policy.ts')).toBe(true);
  expect(upward('src/engine/core.ts', '../drachtio/srf.ts')).toBe(true);
  expect(upward('src/engine/core.ts', '../sip/timers.ts')).toBe(false);
  expect(upward('src/engine/core.ts', './branch.ts')).toBe(false);
});

test('docs/architecture.md has a word on each folder', () => {
  const rows = read('docs/architecture.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([a-z]+)`/g)])
    .map(([, folder]) => folder);
  const folders = floors.flat().filter((place) => !place.endsWith('.ts'));
  expect(rows.toSorted()).toEqual(folders.toSorted());
});
