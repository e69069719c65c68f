import type { PolicySettings } from '../policy/policy-settings.ts';
import type { Mode } from '../policy/rule.ts';
import { ruleModes } from '../policy/rule-modes.ts';

/** How a rule is set, and by which key. */
export function modeOf(
  policy: PolicySettings,
  rule: string,
): { readonly mode: Mode; readonly setting: string } {
  const known = ruleModes(policy).find(({ name }) => name === rule);
  if (known === undefined) throw new Error(`there is no rule ${rule}`);
  return { mode: known.mode, setting: known.setting.join('.') };
}
