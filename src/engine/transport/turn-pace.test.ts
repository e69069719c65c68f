import { describe, expect, test } from 'vitest';
import { TurnPace } from './turn-pace.ts';

function aPace() {
  const clock = { now: 1000 };
  const slept: number[] = [];
  const pace = new TurnPace(
    () => clock.now,
    (ms) => {
      slept.push(ms);
      clock.now += ms;
    },
  );
  const turn = (startsAfter: number, takes: number) => {
    clock.now += startsAfter;
    pace.begin();
    clock.now += takes;
    pace.end();
  };
  return { turn, slept, pace };
}

describe('the pace of turns', () => {
  test('a turn that comes alone waits for nothing', () => {
    const { turn, slept } = aPace();
    turn(0, 0.125);
    turn(1.5, 0.125);
    turn(20, 0.125);
    expect(slept).toEqual([]);
  });

  test('turns that come thick are half a millisecond apart, what they take included', () => {
    const { turn, slept, pace } = aPace();
    turn(0, 0.125);
    turn(0.125, 0.125);
    turn(0, 0.25);
    expect(slept).toEqual([0.375, 0.25]);
    expect(pace.slept).toBe(0.625);
  });

  test('a thread that is busy all the time never waits', () => {
    const { turn, slept } = aPace();
    for (let turns = 0; turns < 10; turns++) turn(0, 0.5);
    expect(slept).toEqual([]);
  });

  test('it really sleeps', () => {
    const pace = new TurnPace();
    pace.begin();
    pace.end();
    const began = performance.now();
    pace.begin();
    pace.end();
    expect(performance.now() - began).toBeGreaterThan(0.3);
  });
});
