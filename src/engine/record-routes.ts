import type { OwnNames } from './own-names.ts';
import type { Channel } from './transport/transports.ts';

/**
 * The header lines that keep us in the path of what follows (RFC 3261 §16.6 step 4); two where the two sides
 * call us by different names (RFC 5658). The one for the outer side names its flow.
 */
export function recordRoutes(
  names: OwnNames,
  inward: Channel,
  out: Channel,
  header = 'Record-Route',
): string {
  const nameIn = names.toward(inward);
  const nameOut = names.toward(out);
  const outer = inward.realm === 'core' ? out : inward;
  if (nameIn.route === nameOut.route)
    return `${header}: <sip:${outer.token}${nameOut.routeTail}\r\n`;
  return outer === out
    ? `${header}: <sip:${out.token}${nameOut.routeTail}\r\n${header}: ${nameIn.route}\r\n`
    : `${header}: ${nameOut.route}\r\n${header}: <sip:${inward.token}${nameIn.routeTail}\r\n`;
}
