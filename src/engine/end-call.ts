import type { EndReason, Target } from '../edge/signaling.ts';
import { bye, type Side } from '../sip/dialog/dialog.ts';
import { parseNameAddress } from '../sip/message/name-address.ts';
import type { LiveCall } from './call-table.ts';
import type { ClientTransactionUser } from './client-transaction.ts';
import type { Core } from './core.ts';
import { randomToken } from './random-token.ts';

const ignored: ClientTransactionUser = { answered() {}, failed() {} };

/** Ends an answered call: a BYE to each side, as the other would have sent it, with the reason (RFC 3326). */
export function endCall(core: Core, call: LiveCall, { text, cause }: EndReason): void {
  const quoted = text.replace(/["\\]/g, '');
  const reason =
    cause === undefined ? `SIP;text="${quoted}"` : `Q.850;cause=${cause};text="${quoted}"`;
  for (const side of ['caller', 'callee'] as const)
    core.waysTo(wayTo(call, side), ([channel]) => {
      if (channel === undefined) return;
      const branch = `z9hG4bKdb${randomToken()}`;
      const via = core.names.toward(channel).via + branch;
      core.transmit(ignored, channel, {
        key: branch,
        method: 'BYE',
        wire: bye(call.dialog, side, via, reason),
      });
    });
  core.calls.remove(call, 'ended');
}

/** The channel the party was last heard on, or where its route set or Contact says if that is gone. */
function wayTo(call: LiveCall, side: Side): Target {
  const channel = call.channels[side];
  if (channel.open) return { nextHop: channel };
  const { routes, target } = call.dialog[side];
  const [first] = routes;
  return { nextHop: parseNameAddress(first ?? '')?.uri ?? target, realm: channel.realm };
}
