import { performance } from 'node:perf_hooks';
import type { Pressure } from '../policy/pressure.ts';
import { BusyTime } from './busy-time.ts';
import type { GateOptions } from './gate.ts';
import { type Bounds, PressureGauge, type Signs } from './pressure-gauge.ts';

const LOOK_EVERY_MS = 500;

/** The signs, but for what this thread says of itself: how long it has slept on purpose in all. */
interface Seen extends Omit<Signs, 'busy'> {
  readonly sleptMs: number;
}

/** Looks twice a second how hard the gate is pressed, and tells of every change (N13). */
export class PressureWatch {
  readonly #gauge = new PressureGauge();
  readonly #options: Pick<GateOptions, 'log' | 'events'>;
  #looking: NodeJS.Timeout | undefined;

  constructor(options: Pick<GateOptions, 'log' | 'events'>) {
    this.#options = options;
  }

  get pressure(): Pressure {
    return this.#gauge.pressure;
  }

  start(see: () => Seen, bounds: () => Bounds): void {
    const busyTime = new BusyTime(see().sleptMs);
    this.#looking = setInterval(() => {
      const { sleptMs, ...signs } = see();
      const busy = busyTime.look(sleptMs);
      const why = this.#gauge.look(performance.now(), { busy, ...signs }, bounds());
      if (why !== undefined) this.#tell(why);
    }, LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#looking);
  }

  #tell(why: string): void {
    const { log, events } = this.#options;
    const { pressure } = this;
    const text = `${saidOf[pressure]}: ${why}`;
    const level = pressure === 'none' ? 'info' : 'warn';
    log(level, text, { pressure });
    events.add({ at: Date.now(), level, kind: 'overload', count: 1, text });
  }
}

const saidOf: Readonly<Record<Pressure, string>> = {
  none: 'strangers are heard again',
  strangers: 'strangers wait',
  calls: 'strangers wait and new calls get shares',
};
