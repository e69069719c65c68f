import { expect, test } from 'vitest';
import { Attention } from './attention.ts';

const attention = () => new Attention({ unanswered: 3, answerSeconds: 10 });

test('callers who give up before the program has to answer do not cost it its turn', () => {
  const program = attention();
  const waiting: ((now: number) => void)[] = [];
  for (let now = 0; now < 100_000; now += 1000) {
    // at any time more of them wait than it may leave unanswered
    waiting.push(program.given(now));
    if (waiting.length > 5) waiting.shift()?.(now);
    expect(program.lost(now)).toBe(false);
  }
  expect(program.lost(105_000)).toBe(true); // the last five did not give up
});

test('who gives up later was left without an answer', () => {
  const program = attention();
  const withdraw = [0, 1, 2].map((at) => program.given(at));
  for (const one of withdraw) one(10_002);
  expect(program.lost(10_002)).toBe(true);
});

test('a caller who gives up at once does not take the chance to see whether it has recovered', () => {
  const program = attention();
  for (const at of [0, 1, 2]) program.given(at);
  expect(program.lost(20_000)).toBe(true);
  expect(program.mayTry(20_000)).toBe(true);
  const withdraw = program.given(20_000);
  expect(program.mayTry(20_001)).toBe(false);
  withdraw(20_002);
  expect(program.mayTry(20_003)).toBe(true);
  program.heard();
  expect(program.lost(40_000)).toBe(false);
});
