import { expect, test } from 'vitest';
import { aCall, aSource } from '../../test/support/some-facts.ts';
import type { OutsideCall } from '../edge/outside-calls.ts';
import type { CallFacts } from '../policy/facts.ts';
import { CallCounts } from './call-counts.ts';

const names = { routes: ['abroad', 'unused'], trunks: ['carrier', 'unused'] };
const live: Readonly<Record<string, number>> = { 'route:abroad': 1, 'trunk:carrier': 2 };
const ledger = { live: (key: string) => live[key] ?? 0 };
const idle = { live: () => 0 };
const byRoute = (name: string, about: Partial<CallFacts> = {}) =>
  aCall({ route: { name } as CallFacts['route'], ...about });

test('calls are counted by route and trunk, both ways', () => {
  const counts = new CallCounts();
  counts.admitted(byRoute('abroad', { trunk: 'carrier' }));
  counts.admitted(aCall({ source: aSource({ realm: 'trunk' }), trunk: 'carrier' }));
  for (const status of [200, 486, 503, undefined]) counts.trunkAnswered('carrier', status);
  expect(counts.stats(ledger, names)).toMatchObject({
    routes: { abroad: { live: 1, made: 1 } },
    trunks: {
      carrier: { live: 2, received: 1, answers: { '2xx': 1, '4xx': 1, '5xx': 1, none: 1 } },
    },
  });
});

test('what the PBX goes on with is no other call by the same route', () => {
  const counts = new CallCounts();
  counts.admitted(byRoute('abroad'));
  counts.admitted(byRoute('abroad', { continues: { route: 'abroad' } as OutsideCall }));
  expect(counts.stats(idle, names).routes).toEqual({ abroad: { live: 0, made: 1 } });
});

test('routes and trunks that are gone, or had nothing, are left out', () => {
  const counts = new CallCounts();
  counts.admitted(byRoute('gone'));
  counts.trunkAnswered('gone', 200);
  expect(counts.stats(idle, names)).toMatchObject({ routes: {}, trunks: {} });
});

test('answers, ends and emergencies are counted', () => {
  const counts = new CallCounts();
  counts.answered();
  counts.ended('bye');
  counts.ended('bye');
  counts.emergency();
  const { answered, ended, emergencies } = counts.stats(idle, names);
  expect({ answered, ended, emergencies }).toEqual({
    ...{ answered: 1, ended: { bye: 2 }, emergencies: 1 },
  });
});
