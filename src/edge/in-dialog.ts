import type { Edge } from './edge.ts';
import type { Incoming } from './signaling.ts';
import { stripTrunkMark } from './strip-for-pbx.ts';

/**
 * A request inside a call or subscription goes where its dialog says: re-INVITE, BYE, REFER, NOTIFY, INFO,
 * whatever it is, from either side. One that belongs to nothing we know is told so.
 */
export function inDialog(edge: Edge, incoming: Incoming): void {
  const { routed, flow, request } = incoming;
  if (!routed) incoming.answer(481);
  else if (flow.realm === 'core') incoming.forward({ targets: 'as-routed' });
  else incoming.forward({ targets: 'as-routed', headers: stripTrunkMark(edge, request) });
}
