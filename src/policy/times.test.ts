import { describe, expect, test } from 'vitest';
import { Times, timesSchema } from './times.ts';

const times = (settings: Record<string, object>, siteZone = 'UTC') =>
  new Times(timesSchema.parse(settings), siteZone);
const at = (text: string) => Date.parse(text);

describe('a time (O4)', () => {
  const office = times({ office: { hours: ['mon-thu 08:00-18:00', 'fri 08:00-15:00'] } });

  test.each([
    ['2026-07-01T07:59:59Z', false],
    ['2026-07-01T08:00:00Z', true],
    ['2026-07-01T17:59:59Z', true],
    ['2026-07-01T18:00:00Z', false],
    ['2026-07-03T14:59:00Z', true],
    ['2026-07-03T15:00:00Z', false],
    ['2026-07-04T12:00:00Z', false],
  ])('keeps weekdays and hours: %s is %s', (instant, expected) => {
    expect(office.isNow('office', at(instant))).toBe(expected);
  });

  test.each([
    ['2026-07-03T21:59:00Z', false],
    ['2026-07-03T22:00:00Z', true],
    ['2026-07-04T05:59:00Z', true],
    ['2026-07-04T06:00:00Z', false],
    ['2026-07-04T22:30:00Z', false],
  ])('lasts across midnight, into a day it does not name: %s is %s', (instant, expected) => {
    const night = times({ night: { hours: ['fri 22:00-06:00'] } });
    expect(night.isNow('night', at(instant))).toBe(expected);
  });

  test('has a zone of its own, or that of the site', () => {
    const both = times(
      {
        here: { hours: ['09:00-10:00'] },
        tokyo: { hours: ['09:00-10:00'], timeZone: 'Asia/Tokyo' },
      },
      'Europe/Berlin',
    );
    expect(both.isNow('here', at('2026-01-15T08:30:00Z'))).toBe(true);
    expect(both.isNow('here', at('2026-07-15T07:30:00Z'))).toBe(true);
    expect(both.isNow('tokyo', at('2026-07-15T00:30:00Z'))).toBe(true);
  });

  test('never is in the hour that a clock put forward leaves out, and twice in the one it repeats', () => {
    const berlin = times({ small: { hours: ['02:00-03:00'] } }, 'Europe/Berlin');
    const during = (day: string) =>
      Array.from(
        { length: 24 * 60 },
        (_, minute) => at(`${day}T00:00:00Z`) + minute * 60_000,
      ).filter((instant) => berlin.isNow('small', instant)).length;
    expect([during('2026-03-29'), during('2026-06-15'), during('2026-10-25')]).toEqual([
      0, 60, 120,
    ]);
  });

  test.each([
    ['12-24..01-02', '2026-12-23', false],
    ['12-24..01-02', '2026-12-24', true],
    ['12-24..01-02', '2027-01-02', true],
    ['12-24..01-02', '2027-01-03', false],
    ['05-01', '2031-05-01', true],
    ['02-29', '2027-03-01', false],
    ['2026-04-03', '2026-04-03', true],
    ['2026-04-03', '2027-04-03', false],
    ['2026-12-31..2027-01-01', '2027-01-01', true],
  ])('is limited to the dates %s: %s is %s', (dates, day, expected) => {
    const limited = times({ some: { dates: [dates] } });
    expect(limited.isNow('some', at(`${day}T12:00:00Z`))).toBe(expected);
    const except = times({ some: { holidays: [dates] } });
    expect(except.isNow('some', at(`${day}T12:00:00Z`))).toBe(!expected);
  });

  test('counts the night before a holiday to the day it begins on', () => {
    const night = times({ night: { hours: ['22:00-06:00'], holidays: ['12-25'] } });
    expect(night.isNow('night', at('2026-12-25T03:00:00Z'))).toBe(true);
    expect(night.isNow('night', at('2026-12-25T23:00:00Z'))).toBe(false);
    expect(night.isNow('night', at('2026-12-26T03:00:00Z'))).toBe(false);
  });

  test('is never, where nobody says what the name means', () => {
    expect(office.isNow('offcie', at('2026-07-01T12:00:00Z'))).toBe(false);
    expect(office.isAnyNow(['offcie', 'office'], at('2026-07-01T12:00:00Z'))).toBe(true);
    expect(office.isAnyNow([], at('2026-07-05T12:00:00Z'))).toBe(true);
  });

  test('is shown as a clock on the wall', () => {
    expect(office.show('office', at('2026-07-04T03:05:00Z'))).toBe('Sat 03:05 UTC');
  });

  test.each([
    [{ hours: ['monday 08:00-18:00'] }],
    [{ hours: ['mon-fri 8-18'] }],
    [{ hours: ['08:00-08:00'] }],
    [{ hours: ['08:00-24:30'] }],
    [{ hours: ['25:00-26:00'] }],
    [{ hours: [''] }],
    [{ hours: ['mon 08:00-18:00 utc'] }],
    [{ dates: ['2026-02-30'] }],
    [{ dates: ['2026-12-24..12-26'] }],
    [{ dates: ['2026-12-26..2026-12-24'] }],
    [{ holidays: ['13-01'] }],
    [{ weekdays: ['mon'] }],
  ])('is not understood as %j', (time) => {
    expect(timesSchema.safeParse({ some: time }).success).toBe(false);
  });
});

describe('the clock of a time agrees with Intl', () => {
  const zones = [
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'Pacific/Apia',
  ];

  test.each(zones)(
    'in %s, for 10,000 instants and every minute around its changes',
    { timeout: 30_000 },
    (zone) => {
      const asked = times({ any: {} }, zone);
      const format = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        weekday: 'short',
        hour: '2-digit',
        minute: '2-digit',
        hourCycle: 'h23',
      });
      const from = Date.UTC(2005, 0, 1);
      let seed = 7;
      const random = () => {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        return seed / 2_147_483_648;
      };
      const instants = Array.from({ length: 10_000 }, () => Math.floor(from + random() * 9.5e11));
      // the last Sundays of March and October in Europe, the first of April and October in Australia, the second of March…
      for (const day of ['2026-03-08', '2026-03-29', '2026-04-05', '2026-10-04', '2026-10-25'])
        for (let minute = -1440; minute < 1440; minute += 5)
          instants.push(Date.parse(`${day}T00:00:00Z`) + minute * 60_000);
      const wrong = instants.filter((instant) => {
        const shown = Object.fromEntries(
          format.formatToParts(instant).map(({ type, value }) => [type, value]),
        );
        return (
          asked.show('any', instant) !== `${shown.weekday} ${shown.hour}:${shown.minute} ${zone}`
        );
      });
      expect(wrong.map((instant) => new Date(instant).toISOString())).toEqual([]);
    },
  );
});
