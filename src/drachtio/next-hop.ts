import type { Target } from '../edge/signaling.ts';
import type { SipUri } from '../sip/message/uri.ts';
import type { ServerFlow } from './flows.ts';

/** What stands in a frame as the place to send to: a server does not take `sips` there. */
export const nextHopOf = (nextHop: Target['nextHop']): string => {
  if (typeof nextHop !== 'string') return (nextHop as ServerFlow).nextHop;
  if (!/^sips:/i.test(nextHop)) return nextHop;
  return `${nextHop.replace(/^sips:/i, 'sip:').replace(/;transport=[^;]*/i, '')};transport=tls`;
};

/**
 * A number or a service, asked for at the next hop (RFC 3261 §19.1.6, RFC 5031 §4.2): a URI without a host is one
 * that a server dies of, or does not take.
 */
export function askedForAt({ host, port }: SipUri, uri: string): string {
  const place = port === undefined ? host : `${host}:${port}`;
  const [, scheme = '', what, parameters] = /^(tel|urn:service):([^;]+)(.*)$/is.exec(uri) ?? [];
  if (what === undefined) return uri;
  return `sip:${what}@${place}${parameters}${/^tel$/i.test(scheme) ? ';user=phone' : ''}`;
}
