/**
 * When something ends that was said, at that time, to end then. Where the clock was set back since, it lasts as long as was
 * meant, and not until the clock is there again.
 */
export const endByThisClock = (until: number, saidAt: number, now: number): number =>
  saidAt > now && until > saidAt ? Math.min(until, now + until - saidAt) : until;
