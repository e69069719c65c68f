import { anyOf, conditionsFor, type Endpoint } from './endpoints.ts';
import { families, networksByFamily } from './families.ts';

/** As `network.firewall.rules` has them. */
export interface FirewallRule {
  readonly action: 'accept' | 'drop';
  readonly protocol: 'any' | Endpoint['transport'];
  readonly ports: number | string | null;
  readonly sources: readonly string[];
}

/** N5 in nft's words, in order: what of a rule can never be met is left out. `refuse` is what drops. */
export function firewallLines(
  rules: readonly FirewallRule[],
  endpoints: readonly Endpoint[],
  refuse: string,
): readonly string[] {
  return rules.flatMap(({ action, protocol, ports, sources }) => {
    const [first, last] = rangeOf(ports);
    const meant = endpoints.filter(
      ({ transport, port }) =>
        (protocol === 'any' || protocol === transport) && port >= first && port <= last,
    );
    const from = networksByFamily(sources);
    const verdict = action === 'accept' ? 'accept' : refuse;
    return families.flatMap((family) => {
      if (sources.length > 0 && from[family].length === 0) return [];
      const header = family === 4 ? 'ip' : 'ip6';
      const source = sources.length === 0 ? '' : `${header} saddr ${anyOf(from[family])} `;
      const conditions = conditionsFor(meant, family, undefined);
      return conditions.map((condition) => `${condition} ${source}${verdict}`);
    });
  });
}

function rangeOf(ports: FirewallRule['ports']): readonly [number, number] {
  if (ports === null) return [0, 65_535];
  const [first = '', last = first] = String(ports).split('-');
  return [Number(first), Number(last)];
}
