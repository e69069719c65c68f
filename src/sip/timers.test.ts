import { describe, expect, test } from 'vitest';
import * as timers from './timers.ts';

/** The moments at which something is sent again before `until`. */
function moments(first: number, next: (current: number) => number, until: number): number[] {
  const at: number[] = [];
  let pause = first;
  for (let time = pause; time < until; time += pause) {
    at.push(time);
    pause = next(pause);
  }
  return at;
}

describe('over UDP', () => {
  test('an INVITE goes out seven times in 32 seconds', () => {
    expect(moments(timers.T1, timers.nextInviteRetransmit, timers.GIVE_UP)).toEqual([
      500, 1500, 3500, 7500, 15_500, 31_500,
    ]);
  });

  test('another request goes out eleven times in 32 seconds, at most every four', () => {
    expect(moments(timers.T1, timers.nextRetransmit, timers.GIVE_UP)).toEqual([
      500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
    ]);
  });

  test('what is finished is remembered for as long as stragglers may come', () => {
    expect(timers.timerD(false)).toBeGreaterThan(32_000);
    expect(timers.timerI(false)).toBe(5000);
  });
});

test('over a stream nothing straggles', () => {
  expect([timers.timerD(true), timers.timerI(true)]).toEqual([0, 0]);
});

test('after a 2xx an INVITE is remembered for 64*T1 on any wire', () => {
  expect([timers.timerL(), timers.timerM()]).toEqual([32_000, 32_000]);
});

test('an INVITE is answered 100 within 200 ms, anything else only when its client slows down', () => {
  expect(timers.timerTrying()).toBe(200);
  expect(timers.timerLate()).toBe(3500);
});
