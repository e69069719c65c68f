import type { EndReason, Target } from '../edge/signaling.ts';
import { bye, type Side } from '../sip/dialog/dialog.ts';
import { parseNameAddress } from '../sip/message/name-address.ts';
import type { LiveCall } from './call-table.ts';
import { nobody } from './client-transaction.ts';
import type { Core } from './core.ts';
import { pointsAt } from './points-at.ts';
import { newBranch } from './random-token.ts';

/** The value of a Reason header. */
export function reasonHeader({ text, cause }: EndReason): string {
  const quoted = text.replace(/["\\]/g, '');
  return cause === undefined ? `SIP;text="${quoted}"` : `Q.850;cause=${cause};text="${quoted}"`;
}

/** Ends an answered call: a BYE to each side, as the other would have sent it, with the reason (RFC 3326). */
export function endCall(core: Core, call: LiveCall, why: EndReason): void {
  const reason = reasonHeader(why);
  for (const side of ['caller', 'callee'] as const)
    core.waysTo(wayTo(core, call, side), ([channel]) => {
      if (channel === undefined) return;
      const branch = newBranch();
      const via = core.names.toward(channel).via + branch;
      core.transmit(nobody, channel, {
        key: branch,
        method: 'BYE',
        wire: bye(call.dialog, side, via, reason),
      });
    });
  core.calls.remove(call, 'ended');
}

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
