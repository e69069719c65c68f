import { z } from 'zod';
import { timeZone } from './forms.ts';
import {
  DAY_MINUTES,
  type Days,
  daysForm,
  daysMeant,
  EVERY_DAY,
  type Hours,
  hoursForm,
  hoursMeant,
  includesDay,
  readDays,
  readHours,
} from './time-texts.ts';
import { expected, understood, written } from './written.ts';
import { weekdayOf, ZoneClock } from './zone-clock.ts';

const inForm = (
  form: string,
  read: (text: string) => unknown,
  meant: (text: string) => string | undefined,
) =>
  written((text) =>
    read(text) === undefined ? expected(form, { meant: meant(text) }) : understood(text),
  );
const days = z.array(inForm(daysForm, readDays, daysMeant));

const time = z.strictObject({
  timeZone: timeZone
    .optional()
    .describe('the zone of its hours and dates, Europe/Berlin; site.timeZone if not given'),
  hours: z
    .array(inForm(hoursForm, readHours, hoursMeant))
    .default([])
    .describe(
      'any of them: mon-fri 08:00-18:00, sat, fri 22:00-06:00 (the night belongs to its first day); none: all day',
    ),
  dates: days
    .default([])
    .describe('only on these days: 2026-12-24, 12-24 (every year), 12-24..01-02; none: every day'),
  holidays: days.default([]).describe('never on these days, written like dates'),
});

/** O4: times by name, for routes, extensions and rules. */
export const timesSchema = z
  .record(z.string().min(1), time)
  .default({})
  .describe('times by name, which routes, extensions and rules can be limited to');
export type TimesSettings = z.output<typeof timesSchema>;

interface Time {
  readonly zone: string;
  readonly clock: ZoneClock;
  readonly hours: readonly Hours[];
  readonly dates: readonly Days[];
  readonly holidays: readonly Days[];
}

const always: readonly Hours[] = [{ weekdays: EVERY_DAY, from: 0, until: DAY_MINUTES }];
const shownWeekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** The named times, ready to be asked for every call. */
export class Times {
  readonly #times = new Map<string, Time>();

  constructor(settings: TimesSettings, siteZone: string) {
    const clocks = new Map<string, ZoneClock>();
    for (const [name, { timeZone: zone = siteZone, hours, dates, holidays }] of Object.entries(
      settings,
    )) {
      const clock = clocks.get(zone) ?? new ZoneClock(zone);
      clocks.set(zone, clock);
      const read = hours.map(readHours).filter((one) => one !== undefined);
      this.#times.set(name, {
        zone,
        clock,
        hours: read.length === 0 ? always : read,
        dates: dates.map(readDays).filter((one) => one !== undefined),
        holidays: holidays.map(readDays).filter((one) => one !== undefined),
      });
    }
  }

  /** Is it that time now? Never for a name that nobody gave a meaning. */
  isNow(name: string, at: number): boolean {
    const time = this.#times.get(name);
    if (time === undefined) return false;
    const { day, minute } = time.clock.at(at);
    return includes(time, day, minute) || includes(time, day - 1, minute + DAY_MINUTES);
  }

  /** One of them, or no limit at all. */
  isAnyNow(names: readonly string[] | undefined, at: number): boolean {
    if (names === undefined || names.length === 0) return true;
    return names.some((name) => this.isNow(name, at));
  }

  /** What the clock of that time shows, for people: `Sat 03:00 Europe/Berlin`. */
  show(name: string, at: number): string {
    const time = this.#times.get(name);
    if (time === undefined) return 'an unknown time';
    const { day, minute } = time.clock.at(at);
    const clock = [Math.floor(minute / 60), minute % 60].map((part) =>
      String(part).padStart(2, '0'),
    );
    return `${shownWeekdays[weekdayOf(day)]} ${clock.join(':')} ${time.zone}`;
  }
}

/** What lasts into the next day belongs to the day on which it begins: its weekday, its date, its holiday. */
function includes({ hours, dates, holidays }: Time, day: number, minute: number): boolean {
  const weekday = 1 << weekdayOf(day);
  const within = hours.some(
    ({ weekdays, from, until }) => (weekdays & weekday) !== 0 && minute >= from && minute < until,
  );
  return (
    within &&
    (dates.length === 0 || dates.some((one) => includesDay(one, day))) &&
    !holidays.some((one) => includesDay(one, day))
  );
}
