import { bareHost, parseUri } from '../sip/message/uri.ts';
import type { Found } from './call-table.ts';
import type { Channel } from './transport/transports.ts';

/**
 * May what came by this channel be of that party? A phone knows the tags of both sides of its call: as the PBX it
 * could answer its own BYE, and we would forget a call that goes on. So who speaks as the PBX is known as
 * the PBX, or stands where that party was heard or asked to be reached.
 */
export function maySpeakFor({ call, from }: Found, channel: Channel): boolean {
  const known = call.channels[from];
  if (known.realm !== 'core' || channel.realm === 'core') return true;
  if (channel.address === known.address) return true;
  return bareHost(parseUri(call.dialog[from].target)?.host ?? '') === channel.address;
}
