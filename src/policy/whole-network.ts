import type { RegistrationFacts } from './facts.ts';

const IPV6 = /^[0-9a-f]{16}$/;
const DIGITS = 12;

/**
 * Who is one of many: the address in IPv4, the /48 in IPv6. A source is a /64, since whoever has one address of it has them
 * all; but providers give a whole /48 to whoever asks (RFC 6177), and that one alone would be an attack by many.
 */
export const wholeNetworkOf = (source: string): string =>
  IPV6.test(source) ? source.slice(0, DIGITS) : source;

/** The network of a source that is a part of one, where no phone is known at it. */
export function networkAround({ atHome, source }: RegistrationFacts): string | undefined {
  const network = wholeNetworkOf(source.key);
  return network === source.key || atHome || source.familiar ? undefined : network;
}

/** A /48 may be one customer of a provider, or a town: it may fail as often as so many sources. */
export const SOURCES_OF_A_NETWORK = 3;
