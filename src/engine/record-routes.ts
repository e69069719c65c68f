import type { OwnName, OwnNames } from './own-names.ts';
import { nameFor } from './sips.ts';
import type { Channel } from './transport/transports.ts';

/**
 * The header lines that keep us in the path of what follows (RFC 3261 §16.6 step 4); two where the two sides
 * call us by different names (RFC 5658). The one for the outer side names its flow.
 */
export function recordRoutes(
  names: OwnNames,
  inward: Channel,
  out: Channel,
  requestUri: string,
  header = 'Record-Route',
): string {
  const nameIn = nameFor(names.toward(inward), requestUri);
  const nameOut = nameFor(names.toward(out), requestUri);
  const outer = inward.realm === 'core' ? out : inward;
  if (nameIn.route === nameOut.route) return `${header}: ${routeWith(outer.token, nameOut)}\r\n`;
  return outer === out
    ? `${header}: ${routeWith(out.token, nameOut)}\r\n${header}: ${nameIn.route}\r\n`
    : `${header}: ${nameOut.route}\r\n${header}: ${routeWith(inward.token, nameIn)}\r\n`;
}

const routeWith = (user: string, { scheme, routeTail }: OwnName): string =>
  `<${scheme}${user}${routeTail}`;
