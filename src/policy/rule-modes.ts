import type { Stage } from './facts.ts';
import { type PolicySettings, sectionOf } from './policy-settings.ts';
import { rulesOf, stages } from './registry.ts';
import { least, type Mode, type SettingPath } from './rule.ts';
import { settingsOf } from './settings-of.ts';

/** A rule as it stands in the order of asking. */
export interface RuleMode {
  readonly stage: Stage;
  readonly name: string;
  readonly requirement: string;
  readonly summary: string;
  /** For all of whom nothing else is said; what `site.rules` says taken in. */
  readonly mode: Mode;
  /** Where that is said. */
  readonly setting: SettingPath;
  /** Where extensions or groups have a mode of their own. */
  readonly own: readonly { readonly mode: Mode; readonly setting: SettingPath }[];
}

/** Every rule in the order in which they are asked. */
export function ruleModes(settings: PolicySettings): readonly RuleMode[] {
  const own = Map.groupBy(ownModesIn(settings), ({ rule }) => rule);
  const { rules } = settings.site;
  return stages.flatMap((stage) =>
    rulesOf[stage].map((rule) => {
      const { name, requirement, summary } = rule;
      const { mode: asked } = settingsOf(settings, rule);
      const mode = least(asked, rules);
      const bySite = mode !== asked;
      return {
        ...{ stage, name, requirement, summary, mode },
        setting: bySite ? ['site', 'rules'] : [sectionOf[stage], name, 'mode'],
        own: own.get(name) ?? none,
      };
    }),
  );
}

/** Is it in shadow for anybody? */
export const isInShadow = ({ mode, own }: RuleMode): boolean =>
  mode === 'shadow' || own.some((one) => one.mode === 'shadow');

const none: RuleMode['own'] = [];

function ownModesIn({ extensions: { defaults, groups, list } }: PolicySettings) {
  const found: { readonly rule: string; readonly mode: Mode; readonly setting: SettingPath }[] = [];
  const add = (rules: Readonly<Record<string, Mode>> | undefined, ...path: string[]): void => {
    for (const [rule, mode] of Object.entries(rules ?? {}))
      found.push({ rule, mode, setting: ['extensions', ...path, 'rules', rule] });
  };
  add(defaults.rules, 'defaults');
  for (const [name, { rules }] of Object.entries(groups)) add(rules, 'groups', name);
  for (const [name, { rules }] of Object.entries(list)) add(rules, 'list', name);
  return found;
}
