import { isSips } from '../sip/message/uri.ts';
import type { Flow, Incoming } from './signaling.ts';

/**
 * `sips:` means TLS on every hop (RFC 5630). Toward phones and carriers the gate holds to that, and refuses what it
 * cannot hold to. How the PBX is reached in its own network is the operator's to say: over TLS what is `sips:` stays so;
 * otherwise the gate, which stands in for the phone there anyway, asks for the same by `sip:` (`engine/sips.ts`).
 */
export const breaksSips = (uri: string, flow: Flow): boolean => isSips(uri) && !isSecure(flow);

export const isSecure = ({ transport }: Pick<Flow, 'transport'>): boolean =>
  transport === 'tls' || transport === 'wss';

/** RFC 5630 §5.3: whoever asked must not be led to think that the other is away. */
export const refuseSips = (incoming: Incoming): void =>
  incoming.answer(
    480,
    [{ name: 'Warning', value: '380 gate "SIPS Not Allowed"' }],
    'SIPS Not Allowed',
  );
