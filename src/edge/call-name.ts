import type { CallFacts } from '../policy/facts.ts';
import { dialogIdOf } from '../sip/dialog/dialog-id.ts';
import type { Call } from './signaling.ts';

/** What all INVITEs of one Call-ID and caller's tag go by, and the calls that they become: the id of a ringing call. */
export const callName = ({ callId, fromTag }: Pick<CallFacts, 'callId' | 'fromTag'>): string =>
  dialogIdOf(callId, fromTag);

/**
 * Of a call, ringing or answered: its id without the tag of whoever answered it. That stands behind the caller's tag, as
 * neither tag has a semicolon; a stranger's Call-ID may.
 */
export function nameOf({ id }: Pick<Call, 'id'>): string {
  const end = id.lastIndexOf(';to-tag=');
  return end <= id.lastIndexOf(';from-tag=') ? id : id.slice(0, end);
}
