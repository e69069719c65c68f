import { describe, expect, test } from 'vitest';
import { KeyTable } from './key-table.ts';

describe('a table of what comes and goes', () => {
  test('finds what was put in, and nothing else', () => {
    const table = new KeyTable<number>();
    table.set('a', 1);
    table.set('b', 2);
    expect([table.get('a'), table.get('b'), table.get('c')]).toEqual([1, 2, undefined]);
    expect(table.size).toBe(2);
  });

  test('holds one value per key, the last', () => {
    const table = new KeyTable<number>();
    table.set('a', 1);
    table.set('a', 2);
    expect(table.get('a')).toBe(2);
    expect(table.size).toBe(1);
  });

  test('forgets what is taken out; taking out what is not there changes nothing', () => {
    const table = new KeyTable<number>();
    table.set('a', 1);
    table.delete('b');
    table.delete('a');
    table.delete('a');
    expect(table.get('a')).toBeUndefined();
    expect(table.size).toBe(0);
  });

  test('agrees with a Map, through growth and with thousands coming and going', () => {
    const table = new KeyTable<number>();
    const map = new Map<string, number>();
    for (let step = 0; step < 50_000; step++) {
      const key = `key ${(step * 7919) % 3001}`;
      if (step % 3 === 0) {
        table.delete(key);
        map.delete(key);
      } else {
        table.set(key, step);
        map.set(key, step);
      }
    }
    expect(table.size).toBe(map.size);
    expect([...table.values()].sort()).toEqual([...map.values()].sort());
    expect(new Map(table.entries())).toEqual(map);
    for (const [key, value] of map) expect(table.get(key)).toBe(value);
  });

  test('may lose entries while it is walked over', () => {
    const table = new KeyTable<string>();
    for (const key of ['a', 'b', 'c']) table.set(key, key);
    const seen: string[] = [];
    for (const value of table.values()) {
      seen.push(value);
      table.delete('a');
      table.delete('b');
    }
    expect(seen).toEqual(['a', 'c']);
  });

  test('is empty once cleared, and usable', () => {
    const table = new KeyTable<number>();
    for (let step = 0; step < 1000; step++) table.set(`key ${step}`, step);
    table.clear();
    expect([table.size, table.get('key 1'), [...table.values()]]).toEqual([0, undefined, []]);
    table.set('a', 1);
    expect(table.get('a')).toBe(1);
  });
});
