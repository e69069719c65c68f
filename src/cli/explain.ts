import { aroundQuestion } from '../config/around-question.ts';
import { loadSettings } from '../config/load.ts';
import { type Answered, ask } from '../policy/asking/ask.ts';
import type { Question } from '../policy/asking/question.ts';
import { Policy } from '../policy/policy.ts';
import type { Refused } from '../policy/verdict.ts';
import type { Command } from './command.ts';
import { complain, harmless, print, styled, table } from './output.ts';
import { momentOf, questionFlags, readQuestion } from './question-flags.ts';
import { placeFlags, settingsFlags, settingsFrom } from './settings-flags.ts';
import { complainOf } from './show-problems.ts';

export const explain: Command = {
  name: 'explain',
  summary: 'what would become of a registration or call, by which rule, and what would change it',
  operands: 'register|invite|inbound|method WHAT',
  mostOperands: 2,
  flags: {
    ...placeFlags,
    set: settingsFlags.set,
    ...questionFlags,
    json: { type: 'boolean', help: 'one JSON object, for programs' },
  },
  details:
    'drawbridge explain register 1001 --source 203.0.113.7 --user-agent "Yealink SIP-T46U"\n' +
    'drawbridge explain invite 0085023811 --as 1001 --at "2026-11-28 03:00" --live extension:1001=2\n' +
    'drawbridge explain inbound 4930123456 --from +4989123 --trunk carrier\n' +
    'It reads the files, and judges by the rules that live traffic meets; nothing is counted. What is not said is as\n' +
    'for an ordinary extension: registered, from an address nobody has, at this moment. Exit code 1: refused.',
  async run(given) {
    const asked = readQuestion(given);
    if (!asked.ok) {
      for (const problem of asked.problems) complain(problem);
      complain('See drawbridge explain --help.');
      return 2;
    }
    const loaded = loadSettings(settingsFrom(given));
    if (!loaded.ok) {
      complainOf(loaded.problems);
      return 1;
    }
    const { policy: settings } = loaded.settings;
    const at = momentOf(asked.question, settings.site.timeZone);
    if (at === undefined) {
      complain(`--at: found "${asked.question.at}", expected a moment such as 2026-11-28 03:00`);
      return 2;
    }
    const policy = new Policy(settings);
    const answered = ask(policy, asked.question, aroundQuestion(loaded.settings, at));
    print(
      given.flags.json === true
        ? JSON.stringify(located(answered, loaded.locate), null, 2)
        : showAnswer(asked.question, answered, at, loaded.locate),
    );
    return answered.verdict.kind === 'pass' ? 0 : 1;
  },
};

type Locate = (path: readonly (string | number)[]) => string;

const located = (answered: Answered, locate: Locate) => ({
  ...answered,
  trail: answered.trail.map((step) => ({ ...step, where: locate(step.setting) })),
});

function showAnswer(question: Question, answered: Answered, at: number, locate: Locate): string {
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

function subjectOf({ register, invite, inbound, method, as }: Question): string {
  if (register !== undefined) return harmless(`${register} registers`);
  if (invite !== undefined) return harmless(`${as} dials ${invite}`);
  if (inbound !== undefined) return harmless(`a trunk calls ${inbound}`);
  return `${method}`;
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
