import { bareHost, parseUri } from '../sip/message/uri.ts';
import type { Channel } from './transport/transports.ts';

/** Would a request to this URI go to the very peer of this channel? */
export function pointsAt(uri: string, channel: Channel): boolean {
  const parsed = parseUri(uri);
  return (
    parsed !== undefined &&
    bareHost(parsed.host) === channel.address &&
    (parsed.port ?? 5060) === channel.port
  );
}
