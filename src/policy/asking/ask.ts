import type { Stage } from '../facts.ts';
import type { Decision, Policy, Step } from '../policy.ts';
import { pass } from '../verdict.ts';
import { assumedCounters } from './assumed-counters.ts';
import { callOf, registrationOf, requestOf, type Surroundings } from './imagined-facts.ts';
import type { Question } from './question.ts';

/** What would become of a request, and why. */
export interface Answered {
  readonly verdict: Decision['verdict'];
  /** The rule that refuses. */
  readonly rule: string | undefined;
  readonly emergency: boolean;
  /** What rules in shadow would refuse, by name. */
  readonly shadows: readonly string[];
  /** Every rule of every stage that such a request meets, in order. */
  readonly trail: readonly (Step & { readonly stage: Stage })[];
}

/** Asks the very rules that live traffic meets, in the order in which it meets them. */
export function ask(policy: Policy, question: Question, around: Surroundings): Answered {
  const { site } = policy;
  const counters = assumedCounters(question);
  const request = requestOf(question, site, around);
  const stages = stagesOf(policy, question, around);
  const trail: (Step & { readonly stage: Stage })[] = [];
  const shadows: string[] = [];
  let refusal: Decision | undefined;
  for (const { stage, facts } of stages) {
    if (refusal === undefined) {
      const decision = policy.judge(stage, facts, counters);
      shadows.push(...decision.shadows.map(({ rule }) => rule));
      if (decision.verdict.kind !== 'pass') refusal = decision;
    }
    for (const step of policy.explain(stage, facts, counters)) trail.push({ stage, ...step });
  }
  return {
    verdict: refusal?.verdict ?? pass,
    rule: refusal?.rule,
    emergency: request.emergency,
    shadows,
    trail,
  };
}

function stagesOf(policy: Policy, question: Question, around: Surroundings) {
  const { site } = policy;
  const request = requestOf(question, site, around);
  const stages = [
    { stage: 'packet', facts: request },
    { stage: 'network', facts: request },
  ] as const;
  const { register } = question;
  if (register !== undefined)
    return [
      ...stages,
      { stage: 'registration', facts: registrationOf({ ...question, register }, site, around) },
    ] as const;
  if (question.method !== undefined) return stages;
  const stage = question.inbound === undefined ? 'outbound' : 'inbound';
  return [...stages, { stage, facts: callOf(question, site, around) }] as const;
}
