import { callKeys } from '../policy/call-keys.ts';
import { leavesTheHouse } from '../policy/leaves-the-house.ts';
import type { Message } from '../sip/message/message.ts';
import type { CallFacts } from './call-facts.ts';
import type { Edge } from './edge.ts';
import { saysForwarded } from './on-behalf-of.ts';
import type { OutsideCall } from './outside-calls.ts';

/** A request that was let through, and what is to be told how it came out. */
export interface OpenedCall {
  readonly done: (status: number) => void;
  /** Where it is a call outside. */
  readonly outside: OutsideCall | undefined;
}

const noCall: OpenedCall = { done: () => {}, outside: undefined };

/**
 * A call was let through: from now on it counts, and it is kept in mind when it leads outside. Emergency calls have no
 * limits, so nothing is kept of them. Undefined when the gate holds as many calls as it can.
 */
export function openCall(edge: Edge, request: Message, facts: CallFacts): OpenedCall | undefined {
  if (request.method !== 'INVITE') return noCall;
  if (facts.emergency) {
    edge.observer.emergency(facts);
    return noCall;
  }
  const lease = edge.leases.open(facts, callKeys(facts));
  if (lease === undefined) return undefined;
  const { callId } = facts;
  const counted = (status: number): void => {
    lease(status);
    if (status >= 300) edge.observer.callFailed(callId, status);
  };
  edge.observer.admitted(facts);
  if (facts.source.realm === 'trunk' || !leavesTheHouse(facts))
    return { done: counted, outside: undefined };
  const { call, done } = edge.outside.open(facts, saysForwarded(request));
  return {
    outside: call,
    done(status) {
      counted(status);
      done(status);
    },
  };
}
