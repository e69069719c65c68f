import type { Endpoint } from './endpoints.ts';
import { families } from './families.ts';

/** As `network.automatic-defence.rates` has them. */
export interface PacketRate {
  readonly port: number;
  readonly protocol: 'udp' | 'tcp';
  readonly packets: number;
  readonly seconds: number;
}

export interface Meters {
  readonly names: readonly string[];
  readonly definitions: readonly string[];
  readonly lines: readonly string[];
}

/** As many as the gate itself tells apart. Beyond, new sources are not metered: the strangers' share holds for them. */
const MOST_SOURCES = 65_536;

/** A connection is begun by this; what comes over it the gate counts, message by message. */
export const begins = 'tcp flags & (fin | syn | rst | ack) == syn';

/**
 * N6 in the kernel: what of a stranger is more than a rate is dropped. The kernel knows no windows but buckets that fill,
 * so that it lets a little more through than the gate, which counts those, and blocks the source.
 */
export function rateMeters(
  rates: readonly PacketRate[],
  endpoints: readonly Endpoint[],
  refuse: string,
): Meters {
  const used = rates.filter((rate) =>
    endpoints.some(({ port, protocol }) => port === rate.port && protocol === rate.protocol),
  );
  const meters = used.flatMap((rate, index) =>
    families.map((family) => ({ ...rate, family, name: `rate${index}_${family}` })),
  );
  return {
    names: meters.map(({ name }) => name),
    definitions: meters.map(({ name, family, seconds }) => {
      const type = family === 4 ? 'ipv4_addr' : 'ipv6_addr';
      return `set ${name} { type ${type}; flags dynamic,timeout; size ${MOST_SOURCES}; timeout ${seconds}s; }`;
    }),
    lines: meters.map(({ name, family, port, protocol, packets, seconds }) => {
      const what = protocol === 'udp' ? `udp dport ${port}` : `tcp dport ${port} ${begins}`;
      const source = family === 4 ? 'ip saddr' : 'ip6 saddr & ffff:ffff:ffff:ffff::';
      const rate = `${rateOf(packets, seconds)} burst ${packets} packets`;
      return `${what} update @${name} { ${source} limit rate over ${rate} } ${refuse}`;
    }),
  };
}

/** In the smallest unit in which it is a whole number. */
export function rateOf(packets: number, seconds: number): string {
  const units = [
    ['second', 1],
    ['minute', 60],
  ] as const;
  for (const [unit, length] of units)
    if (Number.isInteger((packets * length) / seconds))
      return `${(packets * length) / seconds}/${unit}`;
  return `${Math.ceil((packets * 3600) / seconds)}/hour`;
}
