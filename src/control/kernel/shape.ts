import { exceptionsOf } from '../../policy/exceptions.ts';
import type { PolicySettings } from '../../policy/policy-settings.ts';
import type { Mode } from '../../policy/rule.ts';
import type { NetworkSet } from './block-sets.ts';
import type { Endpoint } from './endpoints.ts';
import { networksByFamily } from './families.ts';
import type { FirewallRule } from './firewall-lines.ts';
import type { MachineNetwork } from './machine-network.ts';
import type { PacketRate } from './rate-meters.ts';
import type { Hook, Shape } from './ruleset.ts';

/** What the rules in the kernel follow from. */
export interface World {
  readonly policy: PolicySettings;
  readonly endpoints: readonly Endpoint[];
  readonly machine: MachineNetwork;
  /** Where PBX and trunks are. */
  readonly trusted: readonly string[];
  readonly sets: readonly NetworkSet[];
}

/** Of the rules asked of every packet, those that the kernel can ask too. */
interface RulesInKernel {
  readonly 'blocked-sources': Ruled & { readonly sources: readonly string[] };
  readonly 'automatic-defence': Ruled & { readonly rates: readonly PacketRate[] };
  readonly firewall: Ruled & { readonly rules: readonly FirewallRule[] };
  readonly 'drop-all': Ruled;
  readonly 'strangers-share': Ruled & { readonly perSecond: number; readonly burst: number };
}
interface Ruled {
  readonly mode: Mode;
}
const rulesInKernel: ReadonlySet<string> = new Set<keyof RulesInKernel>([
  'blocked-sources',
  'automatic-defence',
  'firewall',
  'drop-all',
  'strangers-share',
]);

/** Only what is on counts: a rule in shadow drops nothing. */
export function shapeOf(world: World, hook: Hook, now: number): Shape {
  const { policy, endpoints, machine, trusted, sets } = world;
  const { network, site } = policy;
  const rules = network as unknown as RulesInKernel; // by the registry's schemas
  const isOn = ({ mode }: Ruled): boolean => site.rules === 'on' && mode === 'on';
  const blocked = rules['blocked-sources'];
  const defence = rules['automatic-defence'];
  return {
    hook,
    endpoints,
    own: machine.addresses,
    spared: networksByFamily([...network.allowed, ...trusted, ...exceptedSources(policy, now)]),
    listed: isOn(blocked) ? networksByFamily(blocked.sources) : undefined,
    sets,
    rates: isOn(defence) ? defence.rates : [],
    firewall: isOn(rules.firewall) ? rules.firewall.rules : [],
    dropAll: isOn(rules['drop-all']),
    strangers: isOn(rules['strangers-share']) ? rules['strangers-share'] : undefined,
  };
}

/** X5: for whom one of these rules does not count just now. What the others say of them the gate finds out by itself. */
function exceptedSources({ exceptions, site }: PolicySettings, now: number): readonly string[] {
  return exceptionsOf(exceptions, site.timeZone).flatMap(
    ({ rule, source, extension, group, endsAt }) =>
      source !== undefined &&
      (extension ?? group) === undefined &&
      now < endsAt &&
      rulesInKernel.has(rule)
        ? [source]
        : [],
  );
}
