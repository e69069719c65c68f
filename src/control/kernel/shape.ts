import { exceptionsOf } from '../../policy/exceptions.ts';
import type { PolicySettings } from '../../policy/policy-settings.ts';
import type { Mode } from '../../policy/rule.ts';
import { automaticDefence } from '../../policy/rules/network/automatic-defence.ts';
import { blockedSources } from '../../policy/rules/network/blocked-sources.ts';
import { dropAll } from '../../policy/rules/network/drop-all.ts';
import { firewall } from '../../policy/rules/network/firewall.ts';
import { strangersShare } from '../../policy/rules/network/strangers-share.ts';
import { settingsOf } from '../../policy/settings-of.ts';
import type { NetworkSet } from './block-sets.ts';
import type { Endpoint } from './endpoints.ts';
import { networksByFamily } from './families.ts';
import type { MachineNetwork } from './machine-network.ts';
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
const rulesInKernel: ReadonlySet<string> = new Set(
  [blockedSources, automaticDefence, firewall, dropAll, strangersShare].map(({ name }) => name),
);

/** Only what is on counts: a rule in shadow drops nothing. */
export function shapeOf(world: World, hook: Hook, now: number): Shape {
  const { policy, endpoints, machine, trusted, sets } = world;
  const isOn = ({ mode }: { readonly mode: Mode }): boolean =>
    policy.site.rules === 'on' && mode === 'on';
  const blocked = settingsOf(policy, blockedSources);
  const defence = settingsOf(policy, automaticDefence);
  const packets = settingsOf(policy, firewall);
  const share = settingsOf(policy, strangersShare);
  return {
    hook,
    endpoints,
    own: machine.addresses,
    spared: networksByFamily([
      ...policy.network.allowed,
      ...trusted,
      ...exceptedSources(policy, now),
    ]),
    listed: isOn(blocked) ? networksByFamily(blocked.sources) : undefined,
    sets,
    rates: isOn(defence) ? defence.rates : [],
    firewall: isOn(packets) ? packets.rules : [],
    dropAll: isOn(settingsOf(policy, dropAll)),
    strangers: isOn(share) ? share : undefined,
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
