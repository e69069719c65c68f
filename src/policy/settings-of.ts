import type { z } from 'zod';
import type { Stage } from './facts.ts';
import { type PolicySettings, sectionOf } from './policy-settings.ts';
import type { Mode, RuleDefinition } from './rule.ts';

/** What is set for a rule: its own options, with their types, and its mode. */
export function settingsOf<Shape extends z.ZodRawShape>(
  policy: PolicySettings,
  { name, stage }: RuleDefinition<Stage, Shape>,
): z.output<z.ZodObject<Shape, z.core.$strict>> & { readonly mode: Mode } {
  const section: Readonly<Record<string, unknown>> = policy[sectionOf[stage]];
  // read by the rule's own schema, and its mode (policy-settings.ts)
  return section[name] as z.output<z.ZodObject<Shape, z.core.$strict>> & { readonly mode: Mode };
}
