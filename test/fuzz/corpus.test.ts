import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readAsTheGate } from './read-as-the-gate.ts';

const folder = new URL('../corpus/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.dat'));

test.each(files)('%s breaks us no more', (file) => {
  const wire = readFileSync(new URL(file, folder)).toString('latin1');
  const start = performance.now();
  expect(() => readAsTheGate(wire)).not.toThrow();
  expect(performance.now() - start).toBeLessThan(200);
});
