/**
 * When something is changed that was changed at that time: later, also where that was by the clock of a node that is
 * ahead. Of two changes the later holds on all nodes; another one would hold on none but this.
 */
export const laterThan = (changedAt: number, now: number): number => Math.max(now, changedAt + 1);
