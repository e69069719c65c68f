import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** The addresses that this machine has now. */
export const ownAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((some) => some?.map(({ address }) => address) ?? []);

/** Can this machine open IPv6 sockets at all? Containers often cannot. */
export const hasIpv6 = (): boolean => ownAddresses().some((address) => address.includes(':'));

/**
 * Does a host, as it is written, mean the machine that reads it? IPv6 with or without the brackets of a URL. That it
 * begins with `127.` is not enough: so may a name, `127.example.org`, and whoever owns it says where that leads.
 */
export const isHere = (host: string): boolean =>
  ['localhost', '::1', '[::1]'].includes(host) || (isIPv4(host) && host.startsWith('127.'));
