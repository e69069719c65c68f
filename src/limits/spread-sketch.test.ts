import { describe, expect, test } from 'vitest';
import { SpreadSketch } from './spread-sketch.ts';

const SECOND = 1000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function addMany(sketch: SpreadSketch, key: string, members: number, now: number, every = 0): void {
  for (let member = 0; member < members; member++)
    sketch.add(
      key,
      `10.${member >> 16}.${(member >> 8) & 255}.${member & 255}`,
      now + member * every,
    );
}

/** The hash is secret and new in each run, so one estimate is a draw: many keys show the error. */
function relativeError(members: number): number {
  const keys = 60;
  const sketch = new SpreadSketch(1024);
  let squares = 0;
  for (let key = 0; key < keys; key++) {
    for (let member = 0; member < members; member++) sketch.add(`${key}`, `${key} ${member}`, 0);
    squares += (sketch.distinct(`${key}`, DAY, 0) / members - 1) ** 2;
  }
  return Math.sqrt(squares / keys);
}

describe('how many different ones', () => {
  test('the same one again is not another', () => {
    const sketch = new SpreadSketch(64);
    for (let times = 0; times < 1000; times++) sketch.add('1001', '192.0.2.1', times * SECOND);
    expect(sketch.distinct('1001', DAY, 1000 * SECOND)).toBe(1);
    expect(sketch.distinct('1002', DAY, 1000 * SECOND)).toBe(0);
  });

  test('what was before the clock went back counts no more', () => {
    const sketch = new SpreadSketch(64);
    addMany(sketch, '1001', 200, 2 * DAY);
    expect(sketch.distinct('1001', DAY, DAY)).toBe(0);
    sketch.add('1001', '192.0.2.1', DAY);
    expect(sketch.distinct('1001', DAY, DAY)).toBe(1);
  });

  test('each key has its own members', () => {
    const sketch = new SpreadSketch(64);
    addMany(sketch, '1001', 200, 0);
    sketch.add('1002', '192.0.2.1', 0);
    expect(sketch.distinct('1002', DAY, 0)).toBe(1);
  });

  test('one an hour is seen over the day, and not within the minute', () => {
    const sketch = new SpreadSketch(64);
    addMany(sketch, '1001', 24, 0, HOUR);
    expect(sketch.distinct('1001', 60 * SECOND, 23 * HOUR)).toBe(1);
    expect(sketch.distinct('1001', DAY, 23 * HOUR)).toBe(24);
    expect(sketch.distinct('1001', DAY, 23 * HOUR + DAY)).toBe(0);
  });

  test('who comes back within the window is in it by his last time', () => {
    const sketch = new SpreadSketch(64);
    sketch.add('1001', '192.0.2.1', 0);
    sketch.add('1001', '192.0.2.1', 10 * HOUR);
    expect(sketch.distinct('1001', HOUR, 10 * HOUR)).toBe(1);
  });

  test('who counts once a day is in the window of his first time, until that is a day ago', () => {
    const sketch = new SpreadSketch(64);
    const comes = (at: number) => sketch.addOnceADay('1001', '192.0.2.1', at);
    for (let hour = 0; hour < 24; hour++) comes(hour * HOUR);
    expect(sketch.distinct('1001', HOUR, 10 * HOUR)).toBe(0);
    expect(sketch.distinct('1001', DAY, 23 * HOUR)).toBe(1);
    comes(25 * HOUR);
    expect(sketch.distinct('1001', HOUR, 25 * HOUR)).toBe(1);
    comes(5 * HOUR); // the clock went back
    expect(sketch.distinct('1001', HOUR, 5 * HOUR)).toBe(1);
  });

  test('fewer than 32 are counted one by one, whatever the secret of the hash is', () => {
    const sketch = new SpreadSketch(1024);
    for (let key = 0; key < 200; key++)
      for (let member = 1; member < 32; member++) {
        sketch.add(`${key}`, `${key} ${member}`, member * SECOND);
        expect(sketch.distinct(`${key}`, DAY, member * SECOND)).toBe(member);
      }
  });

  test('of many the last 32 are still told apart in a short window', () => {
    const sketch = new SpreadSketch(64);
    addMany(sketch, '1001', 300, 0, 60 * SECOND);
    expect(sketch.distinct('1001', 600 * SECOND, 299 * 60 * SECOND)).toBe(10);
    expect(sketch.distinct('1001', DAY, 299 * 60 * SECOND)).toBeGreaterThan(250);
  });

  test('who counts once a day is not new again when many have come since', () => {
    const sketch = new SpreadSketch(64);
    for (let member = 0; member < 200; member++) sketch.addOnceADay('1001', `${member}`, 0);
    for (let member = 0; member < 200; member++) sketch.addOnceADay('1001', `${member}`, 2 * HOUR);
    expect(sketch.distinct('1001', HOUR, 2 * HOUR)).toBe(0);
  });

  test.each([
    [40, 0.1],
    [100, 0.06],
    [500, 0.06],
    [1000, 0.08],
    [2000, 0.13],
  ])('%i are estimated within the error that is stated', (members, most) => {
    expect(relativeError(members)).toBeLessThan(most);
  });

  test('beyond what it can tell apart it says very many', () => {
    const sketch = new SpreadSketch(64);
    addMany(sketch, '1001', 100_000, 0);
    expect(sketch.distinct('1001', DAY, 0)).toBeGreaterThan(3000);
  });

  test('a flood of keys with one member each does not have a guessed extension forgotten', () => {
    const sketch = new SpreadSketch(1024);
    addMany(sketch, '1001', 50, 0);
    for (let key = 0; key < 20_000; key++) sketch.add(`random ${key}`, '192.0.2.1', key);
    expect(sketch.distinct('1001', DAY, 20_000)).toBeGreaterThan(40);
  });
});
