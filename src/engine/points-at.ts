import { bareHost, parseUri, uriParameter } from '../sip/message/uri.ts';
import type { Channel } from './transport/transports.ts';

/**
 * Would a request to this URI go to the very peer of this channel? One that names no transport may go by any. A `sips:`
 * URI asks for TLS, but for the PBX's: how we speak to it in its own network is the operator's to say.
 */
export function pointsAt(uri: string, channel: Channel): boolean {
  const parsed = parseUri(uri);
  if (parsed === undefined) return false;
  const { scheme, host, port, parameters } = parsed;
  if (bareHost(uriParameter(parameters, 'maddr') ?? host) !== channel.address) return false;
  if (scheme === 'sips' && channel.realm === 'core') return (port ?? channel.port) === channel.port;
  const asked = uriParameter(parameters, 'transport')?.toLowerCase();
  const transport = scheme === 'sips' ? 'tls' : asked;
  return (
    (port ?? (transport === 'tls' ? 5061 : 5060)) === channel.port &&
    (transport === undefined || transport === channel.transport)
  );
}
