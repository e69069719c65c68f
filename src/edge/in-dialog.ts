import type { Edge } from './edge.ts';
import { restoringTo } from './hidden-pins.ts';
import type { HeaderChange, Incoming } from './signaling.ts';
import { stripTrunkMark } from './strip-for-pbx.ts';
import { admitTransfer } from './transfer.ts';

const nothing: readonly HeaderChange[] = [];

/**
 * A request inside a call or subscription goes where its dialog says: re-INVITE, BYE, REFER, NOTIFY, INFO,
 * whatever it is, from either side. One that belongs to nothing we know is told so.
 */
export function inDialog(edge: Edge, incoming: Incoming): void {
  const { routed, flow, request } = incoming;
  if (!routed) {
    incoming.answer(481);
    return;
  }
  if (flow.realm === 'core') {
    incoming.forward({ targets: 'as-routed' });
    return;
  }
  const transferred = request.method === 'REFER' ? admitTransfer(edge, incoming) : nothing;
  if (transferred === undefined) return;
  incoming.forward({
    targets: 'as-routed',
    headers: [...stripTrunkMark(edge, request), ...transferred],
    ...restoringTo(request, edge.gatekeeper.policy.site),
  });
}
