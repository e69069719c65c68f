/** The upper ends of the classes, in seconds: what is longer than the last is in one of its own. */
export const durationClasses = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1,
] as const;

/** How often something lasted how long. */
export interface Durations {
  /** So many in each class and no lower one; one more than there are classes. */
  readonly counts: readonly number[];
  /** Of all, in seconds. */
  readonly sum: number;
}

/** Counts how long something lasts: a few comparisons each time. */
export class DurationCounts implements Durations {
  readonly counts: number[] = new Array(durationClasses.length + 1).fill(0);
  sum = 0;

  add(seconds: number): void {
    let at = 0;
    while (at < durationClasses.length && seconds > (durationClasses[at] ?? 0)) at++;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.sum += seconds;
  }
}
