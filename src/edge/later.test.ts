import { expect, test } from 'vitest';
import type { EdgeObserver } from './edge.ts';
import { later } from './later.ts';
import type { Incoming } from './signaling.ts';

test('what goes on later and throws is told, and its request answered', () => {
  const faults: unknown[] = [];
  const answers: number[] = [];
  const observer = { fault: (problem) => faults.push(problem) } as Partial<EdgeObserver>;
  const incoming = { answer: (status) => answers.push(status) } as Partial<Incoming>;
  const went: string[] = [];
  const go = later(
    { observer: observer as EdgeObserver },
    incoming as Incoming,
    (how: 'well' | 'badly') => {
      if (how === 'badly') throw new Error(how);
      went.push(how);
    },
  );
  go('well');
  expect([went, faults, answers]).toEqual([['well'], [], []]);
  go('badly');
  expect([faults, answers]).toEqual([[new Error('badly')], [500]]);
});
