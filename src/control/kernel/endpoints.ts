import { isIPv6 } from 'node:net';
import { canonicalAddress } from '../../edge/packed-address.ts';
import type { Listener, Transport } from '../../edge/signaling.ts';
import type { Family } from './families.ts';
import type { MachineNetwork } from './machine-network.ts';

/** Where strangers reach us. Nothing else on the machine is any of our business. */
export interface Endpoint {
  readonly family: Family;
  readonly transport: Transport;
  readonly protocol: 'udp' | 'tcp';
  /** Undefined: every address of the machine. */
  readonly address: string | undefined;
  readonly port: number;
}

/**
 * Those of the listeners that are for everybody and on this machine: who speaks at one for the PBX or for carriers is
 * trusted, and a drachtio-server may be elsewhere.
 */
export function endpointsOf(
  listeners: readonly Pick<Listener, 'transport' | 'address' | 'port' | 'realm'>[],
  { addresses }: Pick<MachineNetwork, 'addresses'>,
  ofServer: boolean,
): readonly Endpoint[] {
  return listeners.flatMap(({ transport, address, port, realm }) => {
    if (realm !== 'access') return [];
    const family: Family = isIPv6(address) ? 6 : 4;
    const protocol = transport === 'udp' ? 'udp' : 'tcp';
    const shown = canonicalAddress(address);
    if (ofServer && !addresses[family].includes(shown)) return [];
    const every = shown === '0.0.0.0' || shown === '::';
    return [{ family, transport, protocol, address: every ? undefined : shown, port }];
  });
}

/**
 * The conditions under which a packet is for one of them, any of which will do. `own` says which addresses are the
 * machine's; undefined where only packets for these endpoints arrive.
 */
export function conditionsFor(
  endpoints: readonly Endpoint[],
  family: Family,
  own: readonly string[] | undefined,
): readonly string[] {
  const header = family === 4 ? 'ip' : 'ip6';
  const here = endpoints.filter((endpoint) => endpoint.family === family);
  const fixed = here.filter(({ address }) => address !== undefined);
  const every = here.filter(({ address }) => address === undefined);
  const conditions: string[] = [];
  if (fixed.length > 0) {
    const places = fixed.map(({ address, protocol, port }) => `${address} . ${protocol} . ${port}`);
    conditions.push(`${header} daddr . meta l4proto . th dport ${anyOf(places)}`);
  }
  if (every.length > 0 && own?.length !== 0) {
    const ports = every.map(({ protocol, port }) => `${protocol} . ${port}`);
    const ours = own === undefined ? `meta nfproto ipv${family}` : `${header} daddr ${anyOf(own)}`;
    conditions.push(`meta l4proto . th dport ${anyOf(ports)} ${ours}`);
  }
  return conditions;
}

export const anyOf = (values: Iterable<string>): string => `{ ${[...new Set(values)].join(', ')} }`;
