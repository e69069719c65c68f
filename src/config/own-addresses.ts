import { networkInterfaces } from 'node:os';

/** The addresses that this machine has now. */
export const ownAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((some) => some?.map(({ address }) => address) ?? []);

/** Can this machine open IPv6 sockets at all? Containers often cannot. */
export const hasIpv6 = (): boolean => ownAddresses().some((address) => address.includes(':'));

/** Does a host, as it is written, mean the machine that reads it? */
export const isHere = (host: string): boolean => /^127\.|^::1$|^localhost$/.test(host);
