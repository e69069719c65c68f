import { z } from 'zod';
import type { Policy } from '../policy.ts';
import { type Reason, reasons } from '../reasons.ts';
import { type Answered, ask } from './ask.ts';
import type { Surroundings } from './imagined-facts.ts';
import { isOneQuestion, questionShape } from './question.ts';

const outcomes = ['pass', ...(Object.keys(reasons) as Reason[])] as const;

/** What the operator expects of a policy: a question, and how it is to be answered. */
export const expectationSchema = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .optional()
      .describe('what it is about, for whoever reads that it fails'),
    ...questionShape,
    expect: z.enum(outcomes).describe('pass, or the reason for which it is to be refused'),
    shadow: z.array(z.string()).optional().describe('the rules in shadow that are to refuse it'),
  })
  .superRefine(isOneQuestion);
export type Expectation = z.output<typeof expectationSchema>;

export interface Failed {
  readonly found: string;
  readonly expected: string;
  readonly answered: Answered;
}

/** What was found instead, undefined when it is as expected. */
export function checkExpectation(
  policy: Policy,
  { expect, shadow, name: _, ...question }: Expectation,
  around: Surroundings,
): Failed | undefined {
  const answered = ask(policy, question, around);
  const { verdict, rule, shadows } = answered;
  const got = verdict.kind === 'pass' ? 'pass' : verdict.reason;
  if (got !== expect)
    return { found: rule === undefined ? got : `${got}, by ${rule}`, expected: expect, answered };
  if (shadow === undefined || sameSet(shadow, shadows)) return undefined;
  return {
    found: `refused in shadow by ${shadows.join(', ') || 'none'}`,
    expected: shadow.join(', ') || 'none',
    answered,
  };
}

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((one) => b.includes(one));
