import { parseNetwork } from '../limits/address-key.ts';
import { Networks } from '../policy/networks.ts';

interface Speaking {
  readonly sources: readonly string[];
}

/** Wider, and it is no network that anybody has: most likely a slip, or a way to make something work at all. */
const LEAST_BITS: Readonly<Record<4 | 6, number>> = { 4: 8, 6: 16 };

/** Is it a great part of the internet? */
export function isVast(network: string): boolean {
  const parsed = parseNetwork(network);
  return parsed !== undefined && parsed.bits < LEAST_BITS[parsed.family];
}

/** Of sources that make everybody the PBX or a carrier, for whom no rule is asked, and of those that are both. */
export function sourceNotices(
  { sources }: Speaking,
  trunks: readonly (Speaking & { readonly name: string })[],
): readonly string[] {
  const core = new Networks(sources);
  return [
    ...sources
      .filter(isVast)
      .map(
        (one) =>
          `pbx.sources has ${one}: whoever is in it is taken for the PBX, and calls whom he likes`,
      ),
    ...trunks.flatMap(({ name, sources: own }) =>
      own.flatMap((one) => {
        if (isVast(one))
          return [`trunk ${name} has ${one} in its sources: whoever is in it is taken for it`];
        const both = core.find(one.split('/', 1)[0] ?? one);
        return both === undefined
          ? []
          : [
              `trunk ${name} has ${one} in its sources, and pbx.sources has ${both}: what comes from there is the PBX's, and no rule for inbound calls is asked`,
            ];
      }),
    ),
  ];
}
