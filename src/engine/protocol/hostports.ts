import type { Listener } from '../../edge/signaling.ts';
import { uriHost } from '../../sip/message/uri.ts';
import { reachableAddress } from '../transport/advertised-address.ts';

/** Our listeners as programs are told of them: where others reach us, and where we are bound. */
export const hostports = (
  listeners: readonly Listener[],
): { readonly advertised: string; readonly bound: string } => ({
  advertised: listeners
    .map(({ transport, advertised: { host, port } }) => hostport(transport, host, port))
    .join(','),
  bound: listeners
    .map(({ transport, address, port }) => hostport(transport, address, port))
    .join(','),
});

/** Every address at once is none that a program could put into a Contact. */
const hostport = (transport: string, host: string, port: number): string =>
  `${transport}/${uriHost(reachableAddress(host))}:${port}`;
