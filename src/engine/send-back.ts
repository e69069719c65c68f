import type { Target } from '../edge/signaling.ts';
import { readMessage } from '../sip/message/read-message.ts';
import { bareHost, uriHost } from '../sip/message/uri.ts';
import type { Core } from './core.ts';
import type { Channel } from './transport/transports.ts';

/** Can whoever spoke over this connection be called back, once it is gone? A phone cannot. */
export const canCallBack = ({ realm, transport }: Channel): boolean =>
  realm !== 'access' && (transport === 'tcp' || transport === 'tls');

/**
 * Sends an answer whose connection is gone over a new one, as its Via says (RFC 3261 §18.2.2): to the address the
 * request came from, at the port of the sent-by; if nobody is there, to the host of the sent-by (RFC 3263 §5). Only
 * the PBX is believed about that host, and only when it is its own or a trunk's.
 */
export function sendBack(core: Core, lost: Channel, answer: string, failed: () => void): void {
  const via = canCallBack(lost) ? readMessage(answer)?.via : undefined;
  if (via === undefined) {
    failed();
    return;
  }
  const { transport, realm, address } = lost;
  const { host, port = transport === 'tls' ? 5061 : 5060 } = via;
  const at = (place: string): Target => ({ nextHop: `sip:${place};transport=${transport}`, realm });
  sendTo(core, at(`${uriHost(address)}:${port}`), answer, () => {
    const named = bareHost(host) !== address && realm === 'core';
    if (!named || !core.mayReach(bareHost(host), port, realm)) failed();
    else sendTo(core, at(via.port === undefined ? host : `${host}:${port}`), answer, failed);
  });
}

/** Over the first of the target's ways that works. */
function sendTo(core: Core, target: Target, answer: string, failed: () => void): void {
  core.waysTo(target, (ways) => {
    const tryWay = (at: number): void => {
      const channel = ways[at];
      if (channel === undefined) failed();
      else channel.send(answer, () => tryWay(at + 1));
    };
    tryWay(0);
  });
}
