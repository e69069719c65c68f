import { describe, expect, test } from 'vitest';
import { policySchema } from '../policy/policy-settings.ts';
import { Guesses } from './guesses.ts';

const AT = Date.UTC(2026, 6, 1, 12);
const network = '20010db80001';
const sourceIn = (number: number): string => network + String(number).padStart(4, '0');

function failing(guesses: Guesses, source: string, times: number): void {
  for (let time = 0; time < times; time++)
    guesses.failed('1001', source, 'password-wrong', AT + time);
}
const ofNetwork = (guesses: Guesses) => guesses.failures(`1001|${network}`, 1800, AT + 1000);

describe('failures of a /64 at an extension', () => {
  test('count against its /48 until they lock itself: none can have all others refused', () => {
    const guesses = new Guesses();
    failing(guesses, sourceIn(1), 200);
    expect(ofNetwork(guesses)).toBe(10);
    failing(guesses, sourceIn(2), 10);
    failing(guesses, sourceIn(3), 10);
    expect(ofNetwork(guesses)).toBe(30);
  });

  test('that lock it sooner count no further', () => {
    const guesses = new Guesses();
    guesses.reload(policySchema.parse({ registration: { lockout: { failures: 4 } } }));
    failing(guesses, sourceIn(1), 200);
    expect(ofNetwork(guesses)).toBe(4);
  });

  test('count again when the former are too old to', () => {
    const guesses = new Guesses();
    failing(guesses, sourceIn(1), 200);
    guesses.failed('1001', sourceIn(1), 'password-wrong', AT + 3_600_000);
    expect(guesses.failures(`1001|${network}`, 7200, AT + 3_600_001)).toBe(11);
  });
});

describe('a password that the PBX is asked about', () => {
  const failures = (guesses: Guesses, source: string) =>
    guesses.failures(`1001|${source}`, 1800, AT);

  test('counts as wrong until it has answered, and once', () => {
    const guesses = new Guesses();
    const [over] = [guesses.trying('1001', '192.0.2.1'), guesses.trying('1001', '192.0.2.1')];
    expect(failures(guesses, '192.0.2.1')).toBe(2);
    over?.();
    over?.();
    expect(failures(guesses, '192.0.2.1')).toBe(1);
    expect(failures(guesses, '192.0.2.2')).toBe(0);
  });

  test('counts against its /48 as well, and takes nothing from what failed there', () => {
    const guesses = new Guesses();
    const overs = Array.from({ length: 10 }, () => guesses.trying('1001', sourceIn(1)));
    expect(failures(guesses, network)).toBe(10);
    for (const over of overs) {
      over();
      guesses.failed('1001', sourceIn(1), 'password-wrong', AT);
    }
    expect(failures(guesses, network)).toBe(10);
  });
});
