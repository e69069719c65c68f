import { describe, expect, test } from 'vitest';
import { PressureGauge, type Signs } from './pressure-gauge.ts';

const bounds = { busyPercent: 90, pbxSlowMs: 1000, lastsSeconds: 3 };
const quiet: Signs = { busy: 0.1, dropped: 0, refused: 0, requests: 0, pbxMs: 2 };

/** Looks every half second. */
function aGauge() {
  const gauge = new PressureGauge();
  let now = 1_000_000;
  const look = (signs: Partial<Signs>, changed = bounds) => {
    now += 500;
    const why = gauge.look(now, { ...quiet, ...signs }, changed);
    return { pressure: gauge.pressure, why };
  };
  const looks = (times: number, signs: Partial<Signs>) => {
    for (let before = 1; before < times; before++) look(signs);
    return look(signs);
  };
  return { look, looks };
}

describe('the pressure the gate is under (N13)', () => {
  test('a quiet gate has none', () => {
    const { looks } = aGauge();
    expect(looks(10, {})).toEqual({ pressure: 'none', why: undefined });
  });

  test('one busy half second is chance, two are not', () => {
    const { look } = aGauge();
    expect(look({ busy: 0.95 }).pressure).toBe('none');
    expect(look({ busy: 0.5 }).pressure).toBe('none');
    expect(look({ busy: 0.95 }).pressure).toBe('none');
    expect(look({ busy: 0.9 })).toEqual({ pressure: 'strangers', why: 'busy 90 % of the time' });
  });

  test('a closed valve: 100 % is never busy enough', () => {
    const { look } = aGauge();
    look({ busy: 1 }, { ...bounds, busyPercent: 100 });
    expect(look({ busy: 1 }, { ...bounds, busyPercent: 100 }).pressure).toBe('none');
  });

  test('datagrams lost before the first look were lost to another', () => {
    const { look } = aGauge();
    expect(look({ dropped: 70 }).pressure).toBe('none');
    expect(look({ dropped: 75 })).toEqual({ pressure: 'strangers', why: '5 datagrams lost' });
  });

  test('new calls get shares when strangers are away and datagrams are still lost', () => {
    const { look } = aGauge();
    let dropped = 0;
    const losing = () => {
      dropped += 100;
      return look({ dropped, busy: 1 }).pressure;
    };
    look({});
    expect(losing()).toBe('strangers');
    for (let looks = 0; looks < 3; looks++) expect(losing()).toBe('strangers');
    expect(losing()).toBe('calls');
  });

  test('in a flood calls are not what takes the time', () => {
    const { look } = aGauge();
    look({});
    for (let looks = 1; looks < 20; looks++)
      expect(
        look({ dropped: looks * 1000, refused: looks * 5000, requests: looks * 90, busy: 1 })
          .pressure,
      ).toBe('strangers');
  });

  test('a slow PBX is spared strangers, a very slow one calls too', () => {
    const { look } = aGauge();
    expect(look({ pbxMs: 999 }).pressure).toBe('none');
    expect(look({ pbxMs: 1000 })).toMatchObject({ pressure: 'strangers' });
    expect(look({ pbxMs: 4000 })).toEqual({
      pressure: 'calls',
      why: 'the PBX takes 4000 ms to answer',
    });
  });

  test('one that does not answer at all is another matter', () => {
    const { looks } = aGauge();
    expect(looks(4, { pbxMs: undefined }).pressure).toBe('none');
  });

  test('it lasts three seconds after the last sign, and says when it is over', () => {
    const { look, looks } = aGauge();
    look({ pbxMs: 5000 });
    expect(looks(5, {}).pressure).toBe('calls');
    expect(look({ pbxMs: 5000 }).pressure).toBe('calls');
    expect(looks(5, {}).pressure).toBe('calls');
    expect(look({})).toEqual({ pressure: 'none', why: 'there is room again' });
  });

  test('what is left of it lasts on by itself', () => {
    const { look, looks } = aGauge();
    look({ pbxMs: 5000 });
    expect(looks(5, { pbxMs: 2000 }).pressure).toBe('calls');
    expect(look({ pbxMs: 2000 }).pressure).toBe('strangers');
    expect(looks(5, {}).pressure).toBe('strangers');
    expect(look({}).pressure).toBe('none');
  });
});
