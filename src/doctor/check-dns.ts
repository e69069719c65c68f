import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { hostOf, showHostPort } from '../config/forms.ts';
import { reasonOf } from '../config/reason-of.ts';
import type { Settings } from '../config/settings.ts';
import { nextHopOf } from '../engine/next-hops.ts';
import { createResolver } from '../engine/resolve/resolver.ts';
import { about, type Examined, type Finding } from './finding.ts';

const dns = about('DNS');

/** Do the names lead anywhere: by NAPTR and SRV for the PBX and carriers, to addresses for all else? */
export async function checkDns({ settings }: Examined): Promise<readonly Finding[]> {
  const { pbx, trunks } = settings;
  const resolver = createResolver();
  const neighbours = [...pbx.nodes, ...trunks].filter(({ uri }) => isName(hostOf(uri)));
  const found = await Promise.all([
    ...neighbours.map(async ({ name, uri }) => {
      const hop = nextHopOf(uri);
      const places = hop === undefined ? [] : await resolver.resolve(hop);
      if (places.length === 0)
        return dns.bad(
          `${name}: ${uri} leads nowhere`,
          'correct the name, or its NAPTR, SRV or A records',
        );
      const shown = places.map((one) => `${one.transport} ${showHostPort(one.address, one.port)}`);
      return dns.ok(`${name}: ${uri} leads to ${shown.join(', ')}`);
    }),
    ...otherNames(settings).map(async ([what, host]) => {
      try {
        const addresses = await lookup(host, { all: true });
        return dns.ok(`${what}: ${host} is ${addresses.map(({ address }) => address).join(', ')}`);
      } catch (error) {
        return dns.bad(
          `${what}: ${host} is not found: ${reasonOf(error)}`,
          'correct the name, or its records',
        );
      }
    }),
  ]);
  return found.length === 0 ? [dns.ok('no setting names a host')] : found;
}

const isName = (host = ''): boolean => host !== '' && isIP(host) === 0;

type Named = readonly [what: string, host: string];

const named = (what: string, host: string): readonly Named[] =>
  isName(host) ? [[what, host]] : [];

function otherNames({ listeners, lists, notifications }: Settings): readonly Named[] {
  const advertised = listeners.flatMap(({ advertise }) => advertise?.host ?? []);
  return [
    ...[...new Set(advertised)].flatMap((host) => named('the public name', host)),
    ...lists.flatMap(({ name, from }) =>
      'url' in from ? named(`the list ${name}`, new URL(from.url).hostname) : [],
    ),
    ...notifications.contacts.flatMap(({ name, to }) =>
      'webhook' in to ? named(`the contact ${name}`, new URL(to.webhook).hostname) : [],
    ),
  ];
}
