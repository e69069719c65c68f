import type { Pressure } from '../policy/pressure.ts';

/** What a look shows. */
export interface Signs {
  /** The part of the time since the last look in which the thread had work, 0 to 1. */
  readonly busy: number;
  /** Datagrams lost in all because more came than we could do. */
  readonly dropped: number;
  /** Packets refused before they were read, and requests that were read, in all. */
  readonly refused: number;
  readonly requests: number;
  /** How long the quickest PBX node took for its last answer; undefined when none answers. */
  readonly pbxMs: number | undefined;
}

export interface Bounds {
  readonly busyPercent: number;
  readonly pbxSlowMs: number;
  readonly lastsSeconds: number;
}

/**
 * Busier than this, and still losing datagrams with strangers sent away, though more is read than refused: no time is
 * left for what remains. In a flood most is refused, and calls are not what takes the time.
 */
const NO_TIME_LEFT = 0.97;
/** A PBX so many times slower than slow. */
const FAR_TOO_SLOW = 4;
/** Strangers have been sent away for so long before calls get shares: what waited in the socket is through by then. */
const FIRST_STRANGERS_MS = 2000;

/** Tells how hard the gate and its PBX are pressed (N13). One look may be chance; two in a row are not. */
export class PressureGauge {
  #pressure: Pressure = 'none';
  #since = 0;
  /** The last look that showed it, or worse. */
  #lastSeen = 0;
  #last: Signs | undefined;
  #wasBusy = false;

  get pressure(): Pressure {
    return this.#pressure;
  }

  /** The pressure, and by what, where it changed. */
  look(now: number, signs: Signs, bounds: Bounds): string | undefined {
    const seen = this.#read(now, signs, bounds);
    const before = this.#pressure;
    if (rank[seen.pressure] >= rank[before]) this.#lastSeen = now;
    if (rank[seen.pressure] > rank[before] || now - this.#lastSeen >= bounds.lastsSeconds * 1000)
      this.#pressure = seen.pressure;
    if (this.#pressure === before) return undefined;
    this.#since = now;
    this.#lastSeen = now;
    return seen.why;
  }

  #read(now: number, signs: Signs, bounds: Bounds): Seen {
    const { busy, pbxMs } = signs;
    const last = this.#last ?? signs;
    this.#last = signs;
    const lost = signs.dropped - last.dropped;
    const isFlood = signs.refused - last.refused > signs.requests - last.requests;
    const isBusy = bounds.busyPercent < 100 && busy * 100 >= bounds.busyPercent;
    const again = isBusy && this.#wasBusy;
    this.#wasBusy = isBusy;

    const stillLosing =
      lost > 0 &&
      !isFlood &&
      busy >= NO_TIME_LEFT &&
      this.#pressure !== 'none' &&
      now - this.#since >= FIRST_STRANGERS_MS;
    if (pbxMs !== undefined && pbxMs >= bounds.pbxSlowMs)
      return {
        pressure: pbxMs >= bounds.pbxSlowMs * FAR_TOO_SLOW ? 'calls' : 'strangers',
        why: `the PBX takes ${Math.round(pbxMs)} ms to answer`,
      };
    if (stillLosing) return { pressure: 'calls', why: `${lost} datagrams lost, no time left` };
    if (lost > 0) return { pressure: 'strangers', why: `${lost} datagrams lost` };
    if (again)
      return { pressure: 'strangers', why: `busy ${Math.round(busy * 100)} % of the time` };
    return { pressure: 'none', why: 'there is room again' };
  }
}

interface Seen {
  readonly pressure: Pressure;
  readonly why: string;
}

const rank: Readonly<Record<Pressure, number>> = { none: 0, strangers: 1, calls: 2 };
