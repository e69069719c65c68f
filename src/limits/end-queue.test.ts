import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Ending, EndQueue } from './end-queue.ts';

test('first is always one that ends soonest, whatever is added, changed and removed', () => {
  const until = fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined });
  const step = fc.record({
    what: fc.constantFrom('add', 'add', 'change', 'remove'),
    until,
    which: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const queue = new EndQueue<Ending>();
      const items: Ending[] = [];
      for (const { what, until: end, which } of steps) {
        const chosen = items[which % Math.max(1, items.length)];
        if (what === 'add' || chosen === undefined) {
          const item = { until: end, position: -1 };
          items.push(item);
          queue.add(item);
        } else if (what === 'remove') {
          items.splice(items.indexOf(chosen), 1);
          queue.remove(chosen);
        } else {
          chosen.until = end;
          queue.update(chosen);
        }
        const soonest = Math.min(...items.map((item) => item.until ?? Number.POSITIVE_INFINITY));
        expect(queue.first?.until ?? Number.POSITIVE_INFINITY).toBe(soonest);
        expect(queue.first === undefined).toBe(items.length === 0);
      }
    }),
  );
});
