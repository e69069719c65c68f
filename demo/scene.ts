import { setTimeout as sleep } from 'node:timers/promises';
import type { EventFilter } from '../src/control/events/events-database.ts';
import { type Reason, reasons } from '../src/policy/reasons.ts';
import type { Phone } from '../test/support/a-phone.ts';
import type { SipText } from '../test/support/sip-text.ts';
import type { Town } from './town.ts';

/** Something that is done, and what is to become of it. */
export interface Scene {
  readonly title: string;
  readonly ends: 'passes' | 'stopped';
  /** Says what was seen; throws when it was something else. */
  readonly play: (town: Town) => Promise<string>;
}

/** What the gate has on record of a refusal, in its own words. */
export async function refusalOf(
  town: Town,
  filter: EventFilter,
  expected: readonly Reason[],
): Promise<string> {
  const event = await town.event({ ...filter, kind: 'refused' }, ({ reason }) =>
    expected.some((one) => one === reason),
  );
  if (event?.reason !== undefined) return `${event.reason}: ${lowerFirst(reasons[event.reason])}`;
  const other = await town.event(filter);
  throw new Error(`expected ${expected.join(' or ')}, found ${other?.reason ?? 'no refusal'}`);
}

/** The status of the final answer; `silence` when none comes. */
export async function statusOf(phone: Phone, request: SipText, within = 1000): Promise<string> {
  const final = await phone.finalAnswer(request, within).catch(() => undefined);
  return final === undefined ? 'silence' : String(final.status);
}

/** For those who talk. */
export const aMoment = (): Promise<void> => sleep(700);

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
