/** What a clock on a wall of that zone shows. */
export interface WallTime {
  /** The date: days since 1970-01-01. */
  readonly day: number;
  /** Of the day, from 0. */
  readonly minute: number;
}

export const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Wall time in one zone, daylight saving and all. `Intl` is asked once a minute, however often this is. */
export class ZoneClock {
  readonly #format: Intl.DateTimeFormat;
  #minute = Number.NaN;
  #shows: WallTime = { day: 0, minute: 0 };

  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'iso8601',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  }

  /** `at` in milliseconds since 1970. */
  at(at: number): WallTime {
    const minute = Math.floor(at / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#shows = this.#read(minute * MINUTE_MS);
      this.#minute = minute;
    }
    return this.#shows;
  }

  #read(at: number): WallTime {
    const shown: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of this.#format.formatToParts(at)) shown[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = shown;
    return { day: Date.UTC(year, month - 1, day) / DAY_MS, minute: hour * 60 + minute };
  }
}

/** 0 Sunday to 6 Saturday, of a day counted from 1970-01-01, a Thursday. */
export const weekdayOf = (day: number): number => (((day + 4) % 7) + 7) % 7;
