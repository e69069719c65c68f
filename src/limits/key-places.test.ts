import { describe, expect, test } from 'vitest';
import { KeyPlaces } from './key-places.ts';

describe('places for keys', () => {
  test('a key keeps its place, and no other key finds it', () => {
    const places = new KeyPlaces(64);
    const place = places.claim('192.0.2.1');
    expect(places.find('192.0.2.1')).toBe(place);
    expect(places.find('192.0.2.2')).toBe(-1);
  });

  test('a salt tells apart what is kept for one key', () => {
    const places = new KeyPlaces(64);
    const place = places.claim('192.0.2.1', 60);
    expect(places.find('192.0.2.1', 60)).toBe(place);
    expect(places.find('192.0.2.1', 2)).toBe(-1);
    expect(places.find('192.0.2.1')).toBe(-1);
  });

  test('in a crowded set the place of least worth goes', () => {
    const places = new KeyPlaces(8);
    for (let worth = 1; worth <= 8; worth++) places.worth[places.claim(`key ${worth}`)] = 9 - worth;
    places.worth[places.claim('one more')] = 100;
    const found = Array.from({ length: 8 }, (_, index) => places.find(`key ${index + 1}`) >= 0);
    expect(found).toEqual([true, true, true, true, true, true, true, false]);
  });

  test('a place that was let go is nobody’s, and is taken before any other', () => {
    const places = new KeyPlaces(8);
    for (let key = 1; key <= 8; key++) places.worth[places.claim(`key ${key}`)] = -key;
    const place = places.find('key 3');
    places.release(place);
    expect(places.find('key 3')).toBe(-1);
    expect(places.claim('one more')).toBe(place);
  });

  test('a quarter full, hardly a key in a thousand has lost its place', () => {
    const places = new KeyPlaces(65_536);
    const keys = Array.from({ length: 16_384 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
    for (const key of keys) places.worth[places.claim(key)] = 1;
    expect(keys.filter((key) => places.find(key) < 0).length).toBeLessThan(32);
  });

  test('a million keys take no more places than there are', () => {
    const places = new KeyPlaces(1000);
    expect(places.size).toBe(1024);
    const taken = new Set<number>();
    for (let key = 0; key < 1_000_000; key++) taken.add(places.claim(`key ${key}`));
    expect(Math.max(...taken)).toBeLessThan(1024);
    expect(places.worth.length).toBe(1024);
  });
});
