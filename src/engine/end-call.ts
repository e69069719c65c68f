import type { CallEnd, EndReason, Target } from '../edge/signaling.ts';
import { bye, type Side } from '../sip/dialog/dialog.ts';
import { parseNameAddress } from '../sip/message/name-address.ts';
import { LAST_CSEQ } from '../sip/message/validate.ts';
import { reasonHeader } from '../sip/proxy/reason-header.ts';
import type { LiveCall } from './call-table.ts';
import type { ClientTransactionUser } from './client-transaction.ts';
import type { Core } from './core.ts';
import { pointsAt } from './points-at.ts';
import { newBranch } from './random-token.ts';

/** Ends an answered call: a BYE to each side, as the other would have sent it, with the reason (RFC 3326). */
export function endCall(core: Core, call: LiveCall, why: EndReason, as: CallEnd = 'ended'): void {
  const reason = reasonHeader(why);
  for (const side of ['caller', 'callee'] as const) hangUp(core, call, side, reason);
  core.calls.remove(call, as);
}

/**
 * Says BYE to one side, with this Reason. Who refuses it has seen more of the call than we have, requests before the answer say, and
 * higher numbers: the highest of all, which nobody else may use, it must take.
 */
export function hangUp(
  core: Core,
  call: LiveCall,
  side: Side,
  reason: string,
  sequence?: number,
): void {
  const last = sequence !== undefined;
  const user: ClientTransactionUser = {
    answered({ status }) {
      if (status >= 300 && !last && !isOver(status)) hangUp(core, call, side, reason, LAST_CSEQ);
    },
    failed() {},
  };
  core.waysTo(wayTo(core, call, side), ([channel]) => {
    if (channel === undefined) return;
    const branch = newBranch();
    const via = core.names.toward(channel).via + branch;
    const wire = bye(call.dialog, side, via, reason, sequence);
    core.transmit(user, channel, { key: branch, method: 'BYE', wire });
  });
}

/** RFC 3261 §15.1.1: whoever says so to a BYE knows of no such call. */
export const isOver = (status: number): boolean => status === 481 || status === 408;

/**
 * A phone over the channel it was last heard on, or the one it came back on, and nowhere else: it could name anybody
 * as its Contact. Others by their route set or Contact.
 */
function wayTo(core: Core, call: LiveCall, side: Side): Target {
  const channel = call.channels[side];
  if (channel.realm === 'access')
    return { nextHop: channel.open ? channel : (core.flowInsteadOf(channel.token) ?? channel) };
  const { routes, target } = call.dialog[side];
  const uri = parseNameAddress(routes[0] ?? '')?.uri ?? target;
  return channel.open && pointsAt(uri, channel)
    ? { nextHop: channel }
    : { nextHop: uri, realm: channel.realm };
}
