import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Ledger } from './ledger.ts';

const places = [
  { key: 'extension:1001', most: 2 },
  { key: 'trunk:carrier', most: 3 },
  { key: 'all' },
];
const lives = (ledger: Ledger) => places.map(({ key }) => ledger.live(key));

describe('live calls', () => {
  test('take a place under every key and free it when they are over', () => {
    const ledger = new Ledger();
    expect(ledger.reserve({ id: 'a', places, now: 0 }).ok).toBe(true);
    ledger.reserve({ id: 'b', places, now: 0 });
    expect(lives(ledger)).toEqual([2, 2, 2]);
    ledger.settle('a');
    expect(lives(ledger)).toEqual([1, 1, 1]);
    ledger.settle('a');
    expect(lives(ledger)).toEqual([1, 1, 1]);
  });

  test('take no place at all where one key is full, and are told which', () => {
    const ledger = new Ledger();
    ledger.reserve({ id: 'a', places, now: 0 });
    ledger.reserve({ id: 'b', places, now: 0 });
    const refused = { ok: false, key: 'extension:1001', live: 2, most: 2 };
    expect(ledger.reserve({ id: 'c', places, now: 0 })).toEqual(refused);
    expect(lives(ledger)).toEqual([2, 2, 2]);
  });

  test('a peek says what reserve would refuse, and takes nothing', () => {
    const ledger = new Ledger();
    const one = [{ key: 'extension:1001', most: 1 }];
    expect(ledger.peek({ id: 'a', places: one })).toBeUndefined();
    ledger.reserve({ id: 'a', places: one, now: 0 });
    expect(ledger.peek({ id: 'b', places: one })).toMatchObject({ live: 1, most: 1 });
    expect(ledger.peek({ id: 'a', places: one })).toBeUndefined();
    expect(ledger.size).toBe(1);
  });

  test('an id that is asked for again has the lease that it has', () => {
    const ledger = new Ledger();
    const first = ledger.reserve({ id: 'a', places, now: 0 });
    const again = ledger.reserve({ id: 'a', places: [{ key: 'all', most: 0 }], now: 5 });
    expect(again).toEqual(first);
    expect(lives(ledger)).toEqual([1, 1, 1]);
  });

  test('a key that is named twice counts once', () => {
    const ledger = new Ledger();
    ledger.reserve({ id: 'a', places: [{ key: 'all' }, { key: 'all', most: 9 }], now: 0 });
    expect(ledger.live('all')).toBe(1);
    ledger.settle('a');
    expect(ledger.live('all')).toBe(0);
  });

  test('a limit of none refuses the first call', () => {
    const refused = new Ledger().reserve({ id: 'a', places: [{ key: 'all', most: 0 }], now: 0 });
    expect(refused).toMatchObject({ ok: false, live: 0, most: 0 });
  });

  test('are told by key, and a key without any is gone', () => {
    const ledger = new Ledger();
    ledger.reserve({ id: 'a', places: [{ key: 'all' }, { key: 'trunk:a' }], now: 0 });
    ledger.reserve({ id: 'b', places: [{ key: 'all' }], now: 0 });
    ledger.settle('a');
    expect([...ledger.liveByKey()]).toEqual([{ key: 'all', calls: 1 }]);
  });
  test('are no more than the ledger has room for', () => {
    const ledger = new Ledger({ mostLeases: 2 });
    for (let call = 0; call < 1000; call++)
      ledger.reserve({ id: `${call}`, places: [{ key: `source:${call}` }], now: 0 });
    expect(ledger.size).toBe(2);
    const refused = ledger.reserve({ id: 'more', places: [{ key: 'all' }], now: 0 });
    expect(refused).toEqual({ ok: false, key: 'ledger', live: 2, most: 2 });
  });
});

describe('a lease that nobody settles', () => {
  const times = { ringingMs: 100, unseenMs: 1000 };

  test('ends when the call is not answered in time, counted from when it last rang', () => {
    const ledger = new Ledger(times);
    ledger.reserve({ id: 'a', places, now: 0 });
    expect(ledger.renew('a', 90)).toBe(true);
    expect(ledger.sweep(189)).toEqual([]);
    expect(ledger.sweep(190).map(({ id }) => id)).toEqual(['a']);
    expect(lives(ledger)).toEqual([0, 0, 0]);
    expect(ledger.renew('a', 191)).toBe(false);
  });

  test('ends when the dialog of an answered call is seen no more', () => {
    const ledger = new Ledger(times);
    ledger.reserve({ id: 'a', places, now: 0 });
    ledger.confirm('a', 50);
    ledger.renew('a', 900);
    expect(ledger.sweep(1899)).toEqual([]);
    expect(ledger.sweep(1900)).toMatchObject([{ id: 'a', confirmedAt: 50 }]);
  });

  test('what is said of a call that is gone changes nothing', () => {
    const ledger = new Ledger(times);
    ledger.confirm('a', 0);
    expect(ledger.settle('a')).toBeUndefined();
    expect(ledger.size).toBe(0);
  });
});

describe('how often calls are made', () => {
  test('is counted exactly, for any window', () => {
    const ledger = new Ledger();
    for (let call = 0; call < 6; call++) ledger.noteCall('extension:1001', call * 200);
    expect(ledger.callsWithin('extension:1001', 1, 1000)).toBe(5);
    expect(ledger.callsWithin('extension:1001', 3600, 1000)).toBe(6);
    expect(ledger.callsWithin('extension:1002', 3600, 1000)).toBe(0);
  });

  test('can be compared with the highest limit', () => {
    const ledger = new Ledger();
    for (let call = 0; call < 1200; call++) ledger.noteCall('group:sales', call * 1000);
    expect(ledger.callsWithin('group:sales', 3600, 1_200_000)).toBe(1001);
    expect(ledger.callsWithin('group:sales', 60, 1_200_000)).toBe(59);
  });
});

test('whatever happens in whatever order, no key has more calls than its limit, and each what its leases say', () => {
  const step = fc.record({
    what: fc.constantFrom('reserve', 'reserve', 'reserve', 'confirm', 'renew', 'settle', 'sweep'),
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    keys: fc.subarray(['x', 'y', 'z'], { minLength: 1 }),
    wait: fc.integer({ min: 0, max: 60 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const ledger = new Ledger({ ringingMs: 100, unseenMs: 200 });
      const model = new Map<
        string,
        { keys: readonly string[]; confirmed: boolean; until: number }
      >();
      const liveUnder = (key: string) =>
        [...model.values()].filter(({ keys }) => keys.includes(key)).length;
      let now = 0;
      for (const { what, id, keys, wait } of steps) {
        now += wait;
        const known = model.get(id);
        if (what === 'reserve') {
          const wanted = keys.map((key) => ({ key, most: 2 }));
          const fits = known !== undefined || keys.every((key) => liveUnder(key) < 2);
          expect(ledger.peek({ id, places: wanted }) === undefined).toBe(fits);
          expect(ledger.reserve({ id, places: wanted, now }).ok).toBe(fits);
          if (fits && !known) model.set(id, { keys, confirmed: false, until: now + 100 });
        } else if (what === 'sweep') {
          const lost = [...model].filter(([, { until }]) => until <= now).map(([name]) => name);
          expect(
            ledger
              .sweep(now)
              .map((lease) => lease.id)
              .sort(),
          ).toEqual(lost.sort());
          for (const name of lost) model.delete(name);
        } else if (what === 'settle') {
          ledger.settle(id);
          model.delete(id);
        } else {
          ledger[what](id, now);
          if (known !== undefined) {
            known.confirmed ||= what === 'confirm';
            known.until = now + (known.confirmed ? 200 : 100);
          }
        }
        for (const key of ['x', 'y', 'z']) expect(ledger.live(key)).toBe(liveUnder(key));
        expect(ledger.size).toBe(model.size);
      }
    }),
  );
});
