import type { GateEvent } from '../data/event.ts';
import { questionOfEvent } from '../data/question-of-event.ts';
import { failureKind } from '../policy/failure-kinds.ts';
import type { Past } from './past.ts';

/** When calls ended, by Call-ID: it is told after all that a replay goes through. */
export type CallEnds = ReadonlyMap<string, number>;

export function callEndsOf(events: Iterable<GateEvent>): CallEnds {
  const ends = new Map<string, number>();
  for (const { kind, callId, at } of events)
    if (kind === 'call-ended' && callId !== undefined) ends.set(callId, at);
  return ends;
}

/** What an event says of the past; undefined when that is told by another, or is of no request. */
export function pastOfEvent(event: GateEvent, ends: CallEnds): Past | undefined {
  const { kind, at, count, callId, rule, reason, stage } = event;
  if (kind === 'failed') {
    const failed = reason === undefined ? undefined : failureKind(reason);
    const { extension, source } = event;
    return failed === undefined || extension === undefined || source === undefined
      ? undefined
      : { what: 'failure', at, count, extension, source, kind: failed };
  }
  const passed = kind === 'call' || kind === 'registered' || kind === 'emergency';
  if (!passed && kind !== 'refused') return undefined;
  const question = questionOfEvent(event);
  if (question === undefined || (stage === 'outbound' && question.method !== undefined))
    return { what: 'untold' };
  return {
    what: 'request',
    at,
    count,
    question,
    callId,
    refused:
      passed || rule === undefined || reason === undefined ? undefined : { stage, rule, reason },
    endsAt: callId === undefined ? undefined : ends.get(callId),
  };
}
