import fc from 'fast-check';
import { expect, test } from 'vitest';
import { serviceOrder } from './service-order.ts';

const service = (target: string, priority: number, weight: number) => ({
  target,
  priority,
  weight,
  port: 5060,
});
const targets = (records: readonly { target: string }[]) => records.map(({ target }) => target);

test('a lower priority comes first, whatever the weights', () => {
  const records = [service('c', 30, 9), service('a', 10, 0), service('b', 20, 65_535)];
  for (let n = 0; n < 50; n++) expect(targets(serviceOrder(records))).toEqual(['a', 'b', 'c']);
});

test('within a priority the first is drawn in proportion to weight', () => {
  const records = [service('a', 10, 75), service('b', 10, 25)];
  let first = 0;
  for (let n = 0; n < 4000; n++) if (serviceOrder(records)[0]?.target === 'a') first++;
  expect(first / 4000).toBeGreaterThan(0.7);
  expect(first / 4000).toBeLessThan(0.8);
});

test('a weight of zero has a small chance beside others, and an even one among zeros', () => {
  expect(targets(serviceOrder([service('a', 1, 9), service('zero', 1, 0)], () => 0))[0]).toBe(
    'zero',
  );
  const zeros = [service('a', 1, 0), service('b', 1, 0)];
  const firsts = new Set<string | undefined>();
  for (let n = 0; n < 200; n++) firsts.add(serviceOrder(zeros)[0]?.target);
  expect(firsts).toEqual(new Set(['a', 'b']));
});

test('none is lost and none is doubled', () => {
  const record = fc.record({
    target: fc.uuid(),
    priority: fc.nat(3),
    weight: fc.nat(65_535),
    port: fc.nat(65_535),
  });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 12 }), (records) => {
      const ordered = serviceOrder(records);
      expect(targets(ordered).sort()).toEqual(targets(records).sort());
      const priorities = ordered.map(({ priority }) => priority);
      expect(priorities).toEqual([...priorities].sort((x, y) => x - y));
    }),
  );
});
