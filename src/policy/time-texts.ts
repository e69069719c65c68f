import { DAY_MS } from './zone-clock.ts';

/** `mon-fri 08:00-18:00`: the weekdays as bits, Sunday first; the minutes count from the midnight before. */
export interface Hours {
  readonly weekdays: number;
  readonly from: number;
  /** Beyond 1440 where it lasts into the next day. */
  readonly until: number;
}

/** `2026-12-24`, `12-24..01-02`: days, dated or of every year. */
export type Days =
  | { readonly yearly: false; readonly first: number; readonly last: number }
  | { readonly yearly: true; readonly first: MonthDay; readonly last: MonthDay };

/** Month times 100 plus day: 1224. */
type MonthDay = number;

const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
export const EVERY_DAY = 0b111_1111;
export const DAY_MINUTES = 1440;

export const hoursForm =
  'weekdays, hours or both: mon-fri 08:00-18:00, sat, 22:00-06:00, mon,wed 09:00-12:00';
export const daysForm = 'a date or several: 2026-12-24, 12-24 (every year), 12-24..01-02';

/** Undefined when it is none. Hours that end before they begin end on the next day. */
export function readHours(text: string): Hours | undefined {
  const parts = text.trim().toLowerCase().split(/\s+/);
  if (parts.length > 2 || parts[0] === '') return undefined;
  const [first = '', second] = parts;
  const clock = second ?? (first.includes(':') ? first : undefined);
  const named = second === undefined && clock !== undefined ? undefined : first;
  const days = named === undefined ? EVERY_DAY : readWeekdays(named);
  if (days === undefined) return undefined;
  if (clock === undefined) return { weekdays: days, from: 0, until: DAY_MINUTES };
  const [, begins, ends] = /^(\d{1,2}:\d\d)-(\d{1,2}:\d\d)$/.exec(clock) ?? [];
  const from = readMinute(begins);
  const to = readMinute(ends);
  if (from === undefined || to === undefined || from === to || from === DAY_MINUTES)
    return undefined;
  return { weekdays: days, from, until: to > from ? to : to + DAY_MINUTES };
}

/** What people write for hours: `Monday-Friday 8-18`, `sat 9.30-12.00`. */
export function hoursMeant(text: string): string | undefined {
  const meant = text
    .trim()
    .toLowerCase()
    .replaceAll(/\s*([-,])\s*/g, '$1')
    .replaceAll(/\b(sun|mon|tue|wed|thu|fri|sat)[a-z]*/g, '$1')
    .replace(
      /(?<![\d:.])(\d{1,2})(?:[.:h](\d\d))?-(\d{1,2})(?:[.:h](\d\d))?$/,
      (_, from: string, past = '00', to: string, after = '00') =>
        `${from.padStart(2, '0')}:${past}-${to.padStart(2, '0')}:${after}`,
    );
  return readHours(meant) === undefined ? undefined : meant;
}

function readWeekdays(text: string): number | undefined {
  let bits = 0;
  for (const part of text.split(',')) {
    const [first = '', last = first, ...more] = part.split('-');
    const from = weekdays.indexOf(first);
    const to = weekdays.indexOf(last);
    if (from < 0 || to < 0 || more.length > 0) return undefined;
    for (let day = from; ; day = (day + 1) % 7) {
      bits |= 1 << day;
      if (day === to) break;
    }
  }
  return bits;
}

function readMinute(clock = ''): number | undefined {
  const [hour = Number.NaN, minute = Number.NaN] = clock.split(':').map(Number);
  const minutes = hour * 60 + minute;
  return minute < 60 && minutes <= DAY_MINUTES ? minutes : undefined;
}

export function readDays(text: string): Days | undefined {
  const [first = '', last = first, ...more] = text.trim().split('..');
  if (more.length > 0) return undefined;
  const yearly = /^\d\d-\d\d$/;
  if (yearly.test(first) && yearly.test(last)) {
    const days = [readMonthDay(first), readMonthDay(last)] as const;
    return days[0] === undefined || days[1] === undefined
      ? undefined
      : { yearly: true, first: days[0], last: days[1] };
  }
  const from = readDate(first);
  const to = readDate(last);
  if (from === undefined || to === undefined || to < from) return undefined;
  return { yearly: false, first: from, last: to };
}

/** What people write for days: `24.12.2026`, `24.12.`, `2026/12/24`, and the last one first. */
export function daysMeant(text: string): string | undefined {
  const parts = text.split('..').map((part) =>
    part
      .trim()
      .replace(/^(\d{4})[/.](\d\d)[/.](\d\d)$/, '$1-$2-$3')
      .replace(/^(\d{1,2})\.(\d{1,2})\.(\d{4})?$/, (_, day: string, month: string, year?: string) =>
        [...(year ? [year] : []), month.padStart(2, '0'), day.padStart(2, '0')].join('-'),
      ),
  );
  return [parts.join('..'), parts.toReversed().join('..')].find(
    (meant) => readDays(meant) !== undefined,
  );
}

/** In a year that has them all: 02-29 is a day, though not of every year. */
const readMonthDay = (text: string): MonthDay | undefined =>
  readDate(`2028-${text}`) === undefined
    ? undefined
    : Number(text.slice(0, 2)) * 100 + Number(text.slice(3));

function readDate(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  const at = Date.parse(`${text}T00:00:00Z`);
  // the 31st of a shorter month would be the 1st of the next
  return Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== text
    ? undefined
    : at / DAY_MS;
}

/** Is the day, counted from 1970-01-01, one of these? */
export function includesDay(days: Days, day: number): boolean {
  if (!days.yearly) return day >= days.first && day <= days.last;
  const date = new Date(day * DAY_MS);
  const monthDay = (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
  return days.first <= days.last
    ? monthDay >= days.first && monthDay <= days.last
    : monthDay >= days.first || monthDay <= days.last;
}
