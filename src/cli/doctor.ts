import { loadSettings } from '../config/load.ts';
import { showProblem } from '../config/problem.ts';
import { CannotAsk, NoGate } from '../control/ask.ts';
import type { ProcessStatus } from '../control/control-messages.ts';
import { examine } from '../doctor/doctor.ts';
import { about, type Finding, type FindingLevel } from '../doctor/finding.ts';
import { askRunning } from './ask-running.ts';
import type { Command, Given } from './command.ts';
import { counted, harmless, printFound, styled } from './output.ts';
import { settingsFlags, settingsFrom } from './settings-flags.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'is the gate set up well: what is seen from here, and what to do about it',
  mostOperands: 0,
  asTheGateRuns: true,
  flags: {
    ...settingsFlags,
    json: { type: 'boolean', help: 'one JSON object, for programs' },
  },
  details:
    'It looks at the PBX (and whether it answers others than the gate), its fail2ban, DNS, the clock, certificates, ports,\n' +
    'limits of the system, the disk, Redis and what the policy leaves open; with the gate running or not. It sends the PBX\n' +
    'an OPTIONS from each address of this machine. It ends with 1 when something is bad.',
  async run(given) {
    const findings = await look(given);
    const bad = findings.some(({ level }) => level === 'bad');
    printFound(given, { good: !bad, findings }, () => show(findings));
    return bad ? 1 : 0;
  },
};

async function look(given: Given): Promise<readonly Finding[]> {
  const loaded = loadSettings(settingsFrom(given));
  if (!loaded.ok)
    return loaded.problems.map((problem) =>
      about('settings').bad(
        showProblem(problem),
        'correct it: without settings nothing else can be looked at',
      ),
    );
  const { settings, notices } = loaded;
  const said = notices.map((notice) => about('settings').warn(notice, 'see drawbridge check'));
  try {
    const status = await askRunning<ProcessStatus>(given, { command: 'status', rows: 0 });
    return [...said, ...(await examine({ settings, status, root: '/' }))];
  } catch (error) {
    if (!(error instanceof CannotAsk)) throw error;
    const unasked = error instanceof NoGate ? undefined : error.message;
    return [...said, ...(await examine({ settings, status: undefined, unasked, root: '/' }))];
  }
}

const marks: Readonly<Record<FindingLevel, string>> = {
  ok: styled('green', 'ok  '),
  warn: styled('yellow', 'warn'),
  bad: styled('red', 'bad '),
};

/** By what they are about, for a person. */
function show(findings: readonly Finding[]): string {
  const blocks = [...Map.groupBy(findings, (one) => one.about)].map(([thing, some]) =>
    [
      styled('bold', thing),
      ...some.flatMap(({ level, saw, todo }) => [
        `  ${marks[level]}  ${harmless(saw)}`,
        ...(todo === undefined ? [] : [`        ${styled('gray', harmless(todo))}`]),
      ]),
    ].join('\n'),
  );
  const of = (wanted: FindingLevel): number =>
    findings.filter(({ level }) => level === wanted).length;
  return `${blocks.join('\n')}\n\n${counted(of('bad'), 'thing')} bad, ${counted(of('warn'), 'warning')}, ${of('ok')} in order`;
}
