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
    expect(moments(timers.timerA(false), timers.nextInviteRetransmit, timers.timerB())).toEqual([
      500, 1500, 3500, 7500, 15_500, 31_500,
    ]);
  });

  test('another request goes out eleven times in 32 seconds, at most every four', () => {
    expect(moments(timers.timerE(false), timers.nextRetransmit, timers.timerF())).toEqual([
      500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
    ]);
  });

  test('a final answer to an INVITE is repeated by the same rule', () => {
    expect(timers.timerG(false)).toBe(500);
    expect(timers.timerH()).toBe(32_000);
  });

  test('what is finished is remembered for as long as stragglers may come', () => {
    expect(timers.timerD(false)).toBeGreaterThan(32_000);
    expect(timers.timerI(false)).toBe(5000);
    expect(timers.timerJ(false)).toBe(32_000);
    expect(timers.timerK(false)).toBe(5000);
  });
});

describe('over a stream', () => {
  const { timerA, timerD, timerE, timerG, timerI, timerJ, timerK } = timers;

  test.each(Object.entries({ timerA, timerD, timerE, timerG, timerI, timerJ, timerK }))(
    '%s is zero',
    (_name, timer) => expect(timer(true)).toBe(0),
  );

  test('time-outs are the same as over UDP', () => {
    expect([timers.timerB(), timers.timerF(), timers.timerH()]).toEqual([32_000, 32_000, 32_000]);
  });
});

test('after a 2xx an INVITE is remembered for 64*T1 on any wire', () => {
  expect([timers.timerL(), timers.timerM()]).toEqual([32_000, 32_000]);
});

test('an INVITE is answered 100 within 200 ms, anything else only when its client slows down', () => {
  expect(timers.timerTrying()).toBe(200);
  expect(timers.timerLate()).toBe(3500);
});

test('a phone may ring for more than three minutes', () => {
  expect(timers.timerC()).toBeGreaterThan(180_000);
});
