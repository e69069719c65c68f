import { existsSync } from 'node:fs';
import { EventSums } from '../control/events/event-sums.ts';
import type { Examined } from '../doctor/finding.ts';
import { type Audit, audit, type Period } from './audit.ts';
import { type Grade, gradeSecurity, type Section, worstOf } from './security.ts';

/** How safe the gate is, and what happened at it. */
export interface SecurityReport {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly gate: string;
  readonly version: string;
  readonly grade: Grade;
  readonly sections: readonly Section[];
  readonly audits: readonly Audit[];
  /** Why there are no audits, where they were asked for. */
  readonly noAudits?: string;
}

export interface Asked {
  readonly gate: string;
  readonly version: string;
  /** The events database. */
  readonly events: string;
  readonly periods: readonly Period[];
  readonly now: number;
}

/** Looks at everything, and fills the check lists in. */
export async function reportSecurity(
  examined: Examined,
  { gate, version, events, periods, now }: Asked,
): Promise<SecurityReport> {
  const sections = await gradeSecurity(examined);
  const whole = { at: now, gate, version, grade: worstOf(sections), sections };
  if (periods.length === 0) return { ...whole, audits: [] };
  if (!existsSync(events))
    return { ...whole, audits: [], noAudits: `nothing is on record: there is no ${events}` };
  using sums = new EventSums(events);
  const audited = { settings: examined.settings, sums, sections, now };
  return { ...whole, audits: periods.map((period) => audit(period, audited)) };
}
