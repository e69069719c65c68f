import { expect, test } from 'vitest';
import { catalogue } from './catalogue.ts';

const metrics = catalogue.flatMap((section) => section.metrics);

test('every metric is there once, says what it is and what its labels may say', () => {
  expect(new Set(metrics.map(({ name }) => name)).size).toBe(metrics.length);
  for (const { name, help, labels } of metrics) {
    expect(name).toMatch(/^drawbridge_[a-z0-9_]+$/);
    expect(help, name).toMatch(/^[A-Z0-9].*[^.]$/);
    for (const [label, values] of Object.entries(labels))
      expect(values, `${name} ${label}`).not.toBe('');
  }
});

test('counters end in _total, and nothing else does', () => {
  for (const { name, type } of metrics)
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
});
