import { answeredIdOf } from '../sip/dialog/dialog-id.ts';
import { callIdsIn } from '../sip/message/named-dialog.ts';
import type { Edge } from './edge.ts';
import type { Call } from './signaling.ts';

/** The live calls that a Replaces (RFC 3891) can be read as naming. */
export function callsIn({ serving }: Pick<Edge, 'serving'>, replaces: string): readonly Call[] {
  const tags = tagsIn(replaces);
  if (tags === undefined) return [];
  return callIdsIn(replaces)
    .flatMap((callId) => serving.callsNamed(callId))
    .filter((call) => hasTags(call, tags));
}

type Tags = readonly [to: string, from: string];

/** Undefined unless there is one of each: of two, one PBX takes the first and another the last. */
function tagsIn(replaces: string): Tags | undefined {
  const [to, ...otherTo] = replaces.matchAll(/;\s*to-tag\s*=\s*([^;\s]*)/gi);
  const [from, ...otherFrom] = replaces.matchAll(/;\s*from-tag\s*=\s*([^;\s]*)/gi);
  if (to?.[1] === undefined || from?.[1] === undefined) return undefined;
  return otherTo.length + otherFrom.length === 0 ? [to[1], from[1]] : undefined;
}

/** Which is which depends on who reads them. */
const hasTags = ({ id, callId }: Call, [one, other]: Tags): boolean =>
  id === answeredIdOf(callId, one, other) || id === answeredIdOf(callId, other, one);
