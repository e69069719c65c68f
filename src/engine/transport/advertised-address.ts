import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { ListenerSettings } from '../../config/settings.ts';
import type { Listener } from '../../edge/signaling.ts';
import { uriHost } from '../../sip/message/uri.ts';

const WILDCARDS: readonly string[] = ['0.0.0.0', '::', '[::]'];

/** Every local address at once. */
export function isWildcard(address: string): boolean {
  return WILDCARDS.includes(address);
}

/** What a listener is once bound: the port the system chose, and the address others must use if that is one. */
export function describeListener(settings: ListenerSettings, bound: AddressInfo): Listener {
  const { transport, realm, advertise } = settings;
  return {
    name: `${transport}:${uriHost(bound.address)}:${bound.port}`,
    transport,
    realm,
    address: bound.address,
    port: bound.port,
    advertised: {
      host: advertise?.host ?? bound.address,
      port: advertise?.port ?? bound.port,
    },
  };
}

/**
 * The address itself, unless it is a wildcard, which cannot stand in a Via: then the first outward address
 * of that family, else loopback.
 */
export function reachableAddress(bound: string): string {
  if (!isWildcard(bound)) return bound;
  const family = bound.includes(':') ? 'IPv6' : 'IPv4';
  const outward = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find((one) => one.family === family && !one.internal && !one.address.startsWith('fe80:'));
  return outward?.address ?? (family === 'IPv6' ? '::1' : '127.0.0.1');
}
