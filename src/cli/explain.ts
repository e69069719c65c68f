import { aroundQuestion } from '../config/around-question.ts';
import { type Loaded, loadSettings } from '../config/load.ts';
import { nearMiss } from '../config/near-miss.ts';
import { mismatch, showFound } from '../config/problem.ts';
import type { AnsweredLive } from '../edge/ask-live.ts';
import { ask } from '../policy/asking/ask.ts';
import { momentOf, type Question } from '../policy/asking/question.ts';
import { Policy } from '../policy/policy.ts';
import { askRunning } from './ask-running.ts';
import type { Command, ExitCode, Given } from './command.ts';
import { explainEvents } from './explain-events.ts';
import { type Good, goodSettings } from './good-settings.ts';
import { advise, complain, printFound } from './output.ts';
import { questionFlags, readQuestion } from './question-flags.ts';
import { placeFlags, settingsFlags, settingsFrom } from './settings-flags.ts';
import { type Locate, located, showAnswer } from './show-answer.ts';

export const explain: Command = {
  name: 'explain',
  summary: 'what would become of a registration or call, by which rule, and what would change it',
  operands: 'register|invite|inbound|method|broken WHAT',
  mostOperands: 2,
  asTheGateRuns: true,
  flags: {
    ...placeFlags,
    set: settingsFlags.set,
    call: { type: 'string', value: 'CALL-ID', help: 'one that happened: why then, and what today' },
    event: { type: 'string', value: 'N', help: 'the same, by its number in drawbridge events' },
    running: {
      type: 'boolean',
      help: 'ask the gate that runs: its rules, its live calls and counts, who is registered where',
    },
    ...questionFlags,
    json: { type: 'boolean', help: 'one JSON object, for programs' },
  },
  details:
    'drawbridge explain register 1001 --source 203.0.113.7 --user-agent "Yealink SIP-T46U"\n' +
    'drawbridge explain invite 0085023811 --as 1001 --at "2026-11-28 03:00" --live extension:1001=2\n' +
    'drawbridge explain inbound 4930123456 --from +4989123 --trunk carrier\n' +
    'drawbridge explain invite 1002 --as 1001 --running\n' +
    'drawbridge explain --call 4f1c@192.0.2.7\n' +
    'It reads the files, and judges by the rules that live traffic meets; nothing is counted. What is not said is as\n' +
    'for an ordinary extension: registered, from an address nobody has, at this moment. With --running it is as the\n' +
    'extension is registered, at this moment. Exit code 1: refused.',
  async run(given) {
    const { flags, rest } = given;
    const past = [flags.call, flags.event, rest.length > 0 || undefined].filter(
      (one) => one !== undefined,
    );
    if (past.length > 1) {
      complain('found several things to explain, expected one: a question, --call or --event');
      return 2;
    }
    if (flags.call !== undefined || flags.event !== undefined) {
      const beside = ['running', ...Object.keys(questionFlags)].filter(
        (flag) => flags[flag] !== undefined,
      );
      if (beside.length === 0) return explainEvents(given);
      const found = beside.map((flag) => `--${flag}`).join(', ');
      complain(`found ${found}, expected none with --call or --event: what happened is known`);
      return 2;
    }
    const asked = readQuestion(given);
    if (!asked.ok) {
      for (const problem of asked.problems) complain(problem);
      advise('See drawbridge explain --help.');
      return 2;
    }
    return flags.running === true
      ? explainRunning(given, asked.question)
      : explainByFiles(given, asked.question);
  },
};

function explainByFiles(given: Given, question: Question): ExitCode {
  const loaded = goodSettings(given);
  const { policy: settings } = loaded.settings;
  const at = momentOf(question, settings.site.timeZone, Date.now());
  if (at === undefined) {
    complain(`--at: found "${question.at}", expected a moment such as 2026-11-28 03:00`);
    return 2;
  }
  const answered = ask(new Policy(settings), question, aroundQuestion(loaded.settings, at));
  remarkOnTrunk(question, loaded);
  return tell(given, { ...answered, question }, at, loaded.locate);
}

async function explainRunning(given: Given, question: Question): Promise<ExitCode> {
  const answered = await askRunning<AnsweredLive>(given, { command: 'explain', question });
  // the gate keeps no lines: they are those of the files as they stand now
  const loaded = loadSettings(settingsFrom(given));
  if (loaded.ok) remarkOnTrunk(question, loaded);
  return tell(given, answered, Date.now(), placesIn(loaded));
}

const placesIn = (loaded: Loaded): Locate => (loaded.ok ? loaded.locate : () => '');

/** One that is misspelt is judged as one of which nothing is set. */
function remarkOnTrunk({ trunk }: Question, { settings: { trunks } }: Good): void {
  const names = trunks.map(({ name }) => name);
  if (trunk === undefined || names.includes(trunk)) return;
  const expected =
    names.length === 0
      ? 'a trunk of routes/trunks.yaml, which has none'
      : `one of ${names.join(', ')}`;
  const said = mismatch(showFound(trunk), expected, nearMiss(trunk, names));
  advise(`--trunk: ${said}; it is judged as one of which nothing is set`);
}

function tell(given: Given, answered: AnsweredLive, at: number, locate: Locate): ExitCode {
  printFound(given, located(answered, locate), () =>
    showAnswer(answered.question, answered, at, locate),
  );
  return answered.verdict.kind === 'pass' ? 0 : 1;
}
