import { definitionOf, keyOf, type NetworkSet, nameOf } from './block-sets.ts';
import { anyOf, conditionsFor, type Endpoint } from './endpoints.ts';
import { type ByFamily, type Family, families } from './families.ts';
import { type FirewallRule, firewallLines } from './firewall-lines.ts';
import { begins, type PacketRate, rateMeters, rateOf } from './rate-meters.ts';

export type Hook =
  | { readonly at: 'ingress'; readonly devices: readonly string[] }
  | { readonly at: 'prerouting' };

/** All that the rules of the table are made of, besides what is in the sets. */
export interface Shape {
  readonly hook: Hook;
  readonly endpoints: readonly Endpoint[];
  readonly own: ByFamily;
  /** Left alone whatever they do. */
  readonly spared: ByFamily;
  /** Blocked by the settings, for good; undefined: nobody's packets are dropped for being blocked. */
  readonly listed: ByFamily | undefined;
  /** Those there are. */
  readonly sets: readonly NetworkSet[];
  readonly rates: readonly PacketRate[];
  readonly firewall: readonly FirewallRule[];
  readonly dropAll: boolean;
  /** Datagrams of all strangers together. */
  readonly strangers: { readonly perSecond: number; readonly burst: number } | undefined;
}

/** The rules of the policy that the kernel asks too. */
export const droppedBy = [
  'blocked-sources',
  'automatic-defence',
  'firewall',
  'drop-all',
  'strangers-share',
] as const;
export type DroppedBy = (typeof droppedBy)[number];

export interface Ruleset {
  /** The whole table, but for what is in the sets. */
  readonly text: string;
  /** What is made anew when the rules are others; the other sets and the counters stay. */
  readonly chains: readonly string[];
  readonly meters: readonly string[];
}

/** Before conntrack and NAT. */
const RAW = -300;
/** What may be the beginning of an emergency call; the gate itself lets in one of strangers a second. */
const URGENT = {
  each: '5/second burst 20 packets',
  invitesOfStrangers: '50/second burst 100 packets',
  connectionsOfStrangers: '2/second burst 20 packets',
} as const;
/** The first seven bytes behind a UDP header. */
const IS_INVITE = '@th,64,56 0x494e5649544520';

/** Its name in the table. */
export const counterOf = (by: DroppedBy): string => by.replaceAll('-', '_');
const refuse = (by: DroppedBy): string => `goto refuse_${counterOf(by)}`;
const headerOf = (family: Family): string => (family === 4 ? 'ip' : 'ip6');

/**
 * The rules in the order in which the gate asks them. What they let through it judges itself: whatever is missing here
 * opens nothing.
 */
export function rulesetOf(table: string, shape: Shape): Ruleset {
  const { endpoints, own, sets, strangers } = shape;
  const meters = rateMeters(shape.rates, endpoints, refuse('automatic-defence'));
  const chains: Readonly<Record<string, readonly string[]>> = {
    urgent: families.flatMap((family) => urgentLines(family, sets)),
    ...Object.fromEntries(
      droppedBy.map((by) => [
        `refuse_${counterOf(by)}`,
        ['jump urgent', `counter name ${counterOf(by)} drop`],
      ]),
    ),
    firewall: [
      ...firewallLines(shape.firewall, endpoints, refuse('firewall')),
      ...(shape.dropAll ? [refuse('drop-all')] : []),
    ],
    stranger: [
      ...meters.lines,
      'jump firewall',
      ...(strangers === undefined ? [] : [strangersLine(strangers)]),
    ],
    from4: linesFrom(4, shape),
    from6: linesFrom(6, shape),
    arrives: [
      `type filter hook ${hookText(shape.hook)} priority ${RAW}; policy accept;`,
      ...families.flatMap((family) =>
        conditionsFor(endpoints, family, own[family]).map((one) => `${one} goto from${family}`),
      ),
    ],
  };
  const parts = [
    ...droppedBy.map((by) => `counter ${counterOf(by)} { }`),
    ...sets.map(definitionOf),
    ...families.flatMap(emergencySets),
    ...meters.definitions,
    ...Object.entries(chains).map(
      ([name, lines]) => `chain ${name} {\n${lines.map((line) => `    ${line}\n`).join('')}  }`,
    ),
  ];
  return {
    text: `table inet ${table} {\n${parts.map((part) => `  ${part}\n`).join('')}}\n`,
    chains: Object.keys(chains),
    meters: meters.names,
  };
}

function hookText(hook: Hook): string {
  return hook.at === 'prerouting' ? 'prerouting' : `ingress devices = ${anyOf(hook.devices)}`;
}

function linesFrom(family: Family, { spared, listed, sets }: Shape): readonly string[] {
  const blocked = refuse('blocked-sources');
  // nothing is dropped for being blocked while that rule is not on
  const blockedIn = (kind: NetworkSet['kind']): readonly string[] =>
    listed === undefined ? [] : inSets(family, sets, kind, blocked);
  return [
    ...inAny(family, spared, 'accept'),
    ...inSets(family, sets, 'allowed', 'accept'),
    `${headerOf(family)} saddr . th sport @passes${family} accept`,
    ...(listed === undefined ? [] : inAny(family, listed, blocked)),
    ...blockedIn('blocked'),
    ...blockedIn('firm'),
    ...inSets(family, sets, 'known', 'goto firewall'),
    ...blockedIn('unproven'),
    ...blockedIn('listed'),
    'goto stranger',
  ];
}

const inAny = (family: Family, networks: ByFamily, verdict: string): readonly string[] =>
  networks[family].length === 0
    ? []
    : [`${headerOf(family)} saddr ${anyOf(networks[family])} ${verdict}`];

const inSets = (
  family: Family,
  sets: readonly NetworkSet[],
  kind: NetworkSet['kind'],
  verdict: string,
): readonly string[] =>
  sets
    .filter((set) => set.family === family && set.kind === kind)
    .map((set) => `${keyOf(set)} @${nameOf(set)} ${verdict}`);

/**
 * O11: from wherever it comes, what may become an emergency call gets as far as the gate, which tells whether it is one:
 * an INVITE over UDP, or a connection, for whose first minute what comes over it passes too.
 */
function urgentLines(family: Family, sets: readonly NetworkSet[]): readonly string[] {
  const header = headerOf(family);
  const invite = `meta nfproto ipv${family} meta l4proto udp ${IS_INVITE}`;
  const connection = `meta nfproto ipv${family} ${begins}`;
  const one = `update @urgent${family} { ${header} saddr limit rate ${URGENT.each} }`;
  const pass = `add @passes${family} { ${header} saddr . tcp sport } accept`;
  const known = sets
    .filter((set) => set.kind === 'known' && set.family === family)
    .map((set) => `${keyOf(set)} @${nameOf(set)}`);
  return [
    ...known.map((isKnown) => `${invite} ${isKnown} ${one} accept`),
    `${invite} ${one} limit rate ${URGENT.invitesOfStrangers} accept`,
    ...known.map((isKnown) => `${connection} ${isKnown} ${one} ${pass}`),
    `${connection} limit rate ${URGENT.connectionsOfStrangers} ${pass}`,
  ];
}

function emergencySets(family: Family): readonly string[] {
  const type = family === 4 ? 'ipv4_addr' : 'ipv6_addr';
  return [
    `set passes${family} { type ${type} . inet_service; flags dynamic,timeout; size 4096; timeout 1m; }`,
    `set urgent${family} { type ${type}; flags dynamic,timeout; size 65536; timeout 10s; }`,
  ];
}

const strangersLine = ({ perSecond, burst }: { perSecond: number; burst: number }): string =>
  `meta l4proto udp limit rate over ${rateOf(perSecond, 1)} burst ${burst} packets ${refuse('strangers-share')}`;
