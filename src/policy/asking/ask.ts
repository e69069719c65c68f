import type { Counters } from '../counters.ts';
import type { Stage, StageFacts } from '../facts.ts';
import type { Decision, Policy, Step } from '../policy.ts';
import { pass } from '../verdict.ts';
import { assumedCounters } from './assumed-counters.ts';
import {
  brokenOf,
  callOf,
  registrationOf,
  requestOf,
  type Surroundings,
} from './imagined-facts.ts';
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

/**
 * Asks the very rules that live traffic meets, in the order in which it meets them. The counters given must not count
 * along; without any, the counts are those that the question assumes.
 */
export function ask(
  policy: Policy,
  question: Question,
  around: Surroundings,
  counters = assumedCounters(question),
): Answered {
  const met = stagesMet(policy, question, around);
  const { refusal, shadows } = decide(policy, met, counters);
  return {
    verdict: refusal?.verdict ?? pass,
    rule: refusal?.rule,
    emergency: requestOf(question, policy.site, around).emergency,
    shadows,
    trail: met.flatMap(({ stage, facts }) =>
      policy.explain(stage, facts, counters).map((step) => ({ stage, ...step })),
    ),
  };
}

export type Met = { [S in Stage]: { readonly stage: S; readonly facts: StageFacts[S] } }[Stage];

interface Decided {
  /** Of the first stage that refuses. */
  readonly refusal: Decision | undefined;
  /** The rules in shadow that would, up to there. */
  readonly shadows: readonly string[];
}

/** As a live request is judged: a stage after the one that refuses is not asked. */
export function decide(policy: Policy, met: readonly Met[], counters: Counters): Decided {
  const shadows: string[] = [];
  for (const { stage, facts } of met) {
    const decision = policy.judge(stage, facts, counters);
    for (const { rule } of decision.shadows) shadows.push(rule);
    if (decision.verdict.kind !== 'pass') return { refusal: decision, shadows };
  }
  return { refusal: undefined, shadows };
}

/** The stages that such a request meets, in order. */
export function stagesMet(
  { site }: Policy,
  question: Question,
  around: Surroundings,
): readonly Met[] {
  const { register, broken } = question;
  if (broken !== undefined) {
    const facts = brokenOf({ ...question, broken }, around);
    return [
      { stage: 'packet', facts },
      { stage: 'broken', facts },
    ];
  }
  const request = requestOf(question, site, around);
  const met: Met[] = [
    { stage: 'packet', facts: request },
    { stage: 'network', facts: request },
  ];
  if (register !== undefined)
    met.push({
      stage: 'registration',
      facts: registrationOf({ ...question, register }, site, around),
    });
  else if (question.method === undefined)
    met.push({
      stage: question.inbound === undefined ? 'outbound' : 'inbound',
      facts: callOf(question, site, around),
    });
  return met;
}
