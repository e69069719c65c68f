import { describe, expect, test } from 'vitest';
import { Offenders } from './offenders.ts';

describe('who offended before', () => {
  test('is known until it is to be forgotten', () => {
    const offenders = new Offenders(64);
    offenders.note('192.0.2.1', 3, 1000);
    expect(offenders.offencesOf('192.0.2.1', 999)).toBe(3);
    expect(offenders.offencesOf('192.0.2.1', 1000)).toBe(0);
    expect(offenders.offencesOf('192.0.2.2', 0)).toBe(0);
  });

  test('can be forgiven', () => {
    const offenders = new Offenders(64);
    offenders.note('192.0.2.1', 3, 1000);
    offenders.forgive('192.0.2.1');
    expect(offenders.offencesOf('192.0.2.1', 0)).toBe(0);
  });

  test('when they are too many, those go that would be forgotten first', () => {
    const offenders = new Offenders(8);
    offenders.note('old hand', 9, 1_000_000);
    for (let network = 0; network < 10_000; network++) offenders.note(`${network}`, 1, 1000);
    expect(offenders.offencesOf('old hand', 0)).toBe(9);
  });
});
