import type { Answered } from '../policy/asking/ask.ts';
import type { Question } from '../policy/asking/question.ts';
import type { Refused } from '../policy/verdict.ts';
import { harmless, styled, table } from './output.ts';

/** `policies/outbound.yaml:12:3`: where a setting stands. */
export type Locate = (path: readonly (string | number)[]) => string;

export const located = (answered: Answered, locate: Locate) => ({
  ...answered,
  trail: answered.trail.map((step) => ({ ...step, where: locate(step.setting) })),
});

export function showAnswer(
  question: Question,
  answered: Answered,
  at: number,
  locate: Locate,
): string {
  const { trail, rule, verdict, emergency } = answered;
  const decisive = trail.find((step) => step.rule === rule);
  const rows = trail.map((step) => [markOf(step, rule), step.stage, step.rule, harmless(step.saw)]);
  return [
    `${styled('bold', subjectOf(question))}  ${new Date(at).toISOString()}`,
    emergency ? '  an emergency call: no rule is asked' : table(rows),
    '',
    showVerdict(verdict, rule),
    ...(decisive === undefined
      ? []
      : [
          table([
            ['decided by', decisive.setting.join('.'), locate(decisive.setting)],
            ['would pass with', decisive.flip === undefined ? 'nothing' : harmless(decisive.flip)],
          ]),
        ]),
  ].join('\n');
}

function subjectOf({ register, invite, inbound, method, broken, as }: Question): string {
  if (register !== undefined) return harmless(`${register} registers`);
  if (invite !== undefined) return harmless(`${as} dials ${invite}`);
  if (inbound !== undefined) return harmless(`a trunk calls ${inbound}`);
  return broken === undefined ? `${method}` : `a broken message: ${broken}`;
}

function markOf(
  { mode, verdict, rule, exception }: Answered['trail'][number],
  decisive?: string,
): string {
  if (mode === 'off') return styled('gray', 'off');
  if (verdict.kind === 'pass') return styled('green', 'pass');
  if (verdict.kind === 'adjust') return styled('green', mode === 'on' ? 'adjusts' : 'would adjust');
  if (exception !== undefined) return styled('yellow', `excepted by ${harmless(exception)}`);
  if (mode === 'shadow') return styled('yellow', 'shadow: refuses');
  return rule === decisive ? styled('red', 'REFUSES') : styled('gray', 'would refuse too');
}

function showVerdict(verdict: Answered['verdict'], rule: string | undefined): string {
  switch (verdict.kind) {
    case 'pass':
      return styled('green', 'passes');
    case 'challenge':
      return `${styled('red', 'refused')}  as if the password were wrong  ${verdict.reason}, by ${rule}${blocked(verdict)}`;
    case 'drop':
      return `${styled('red', 'refused')}  in silence  ${verdict.reason}, by ${rule}${blocked(verdict)}`;
    case 'reject':
      return `${styled('red', 'refused')}  ${verdict.status}${verdict.phrase === undefined ? '' : ` ${verdict.phrase}`}  ${verdict.reason}, by ${rule}${blocked(verdict)}`;
  }
}

const blocked = ({ block }: Refused): string =>
  block === undefined ? '' : `; the source is blocked for ${block.seconds} s`;
