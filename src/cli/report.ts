import { hostname } from 'node:os';
import { dayOf } from '../config/day-of.ts';
import { nearMiss } from '../config/near-miss.ts';
import { mismatch } from '../config/problem.ts';
import { CannotAsk, NoGate } from '../control/ask.ts';
import type { ProcessStatus } from '../control/control-messages.ts';
import { type Period, periods } from '../report/audit.ts';
import { type Grade, saidOf } from '../report/security.ts';
import { reportSecurity, type SecurityReport } from '../report/security-report.ts';
import { showHtml } from '../report/show-html.ts';
import { version as program } from '../version.ts';
import { askRunning } from './ask-running.ts';
import type { Command } from './command.ts';
import { goodSettings } from './good-settings.ts';
import { complain, harmless, print, printFound, styled } from './output.ts';
import { dataDirectoryFrom, settingsFlags } from './settings-flags.ts';

const all = Object.keys(periods) as Period[];

export const report: Command = {
  name: 'report',
  summary:
    'how safe the gate is, each thing with a grade and what to do; check lists of the week, month and quarter',
  operands: 'security',
  mostOperands: 1,
  asTheGateRuns: true,
  flags: {
    ...settingsFlags,
    period: {
      type: 'string',
      value: 'PERIOD',
      help: `one check list only: ${all.join(', ')}, or none`,
    },
    html: { type: 'boolean', help: 'a page to print or to send' },
    json: { type: 'boolean', help: 'one JSON object, for programs' },
  },
  details:
    'A: nothing to do. B, C: what deserves a look, little or much. D, F: something that is bad, or much of it. The worst counts for\n' +
    'the whole. The check lists are filled in with what the events say. It ends with 1 when something is bad.',
  async run(given) {
    const [what = 'security'] = given.rest;
    const { period, html, json } = given.flags;
    if (html === true && json === true) {
      complain(mismatch('--html and --json', 'one of them'));
      return 2;
    }
    if (what !== 'security') {
      complain(mismatch(`"${what}"`, 'security'));
      return 2;
    }
    const wanted = all.filter((one) => period === undefined || period === one);
    if (wanted.length === 0 && period !== 'none') {
      const words = [...all, 'none'];
      const text = mismatch(`"${period}"`, words.join(', '), nearMiss(String(period), words));
      complain(`--period: ${text}`);
      return 2;
    }
    const { settings } = goodSettings(given);
    let status: ProcessStatus | undefined;
    let unasked: string | undefined;
    try {
      status = await askRunning<ProcessStatus>(given, { command: 'status', rows: 0 });
    } catch (error) {
      if (!(error instanceof CannotAsk)) throw error;
      if (!(error instanceof NoGate)) unasked = error.message;
    }
    const made = await reportSecurity(
      { settings, status, unasked, root: '/' },
      {
        gate: settings.cluster.node.name || hostname(),
        version: status?.version ?? program,
        events: dataDirectoryFrom(given).events,
        periods: wanted,
        now: Date.now(),
      },
    );
    if (html === true) print(showHtml(made));
    else printFound(given, made, show);
    return made.sections.some(({ findings }) => findings.some(({ level }) => level === 'bad'))
      ? 1
      : 0;
  },
};

const colors = { A: 'green', B: 'green', C: 'yellow', D: 'red', F: 'red' } as const;
const marks = { ok: 'ok  ', warn: 'warn', bad: 'bad ' } as const;
const boxes = { done: '[x]', look: '[ ]', 'by hand': '[ ]' } as const;

function show({ gate, version, grade, sections, audits, noAudits }: SecurityReport): string {
  const hint = (text: string | undefined): readonly string[] =>
    text === undefined ? [] : [`        ${styled('gray', harmless(text))}`];
  return [
    `${styled('bold', `Security of ${gate}`)}  ${shown(grade)}  Drawbridge ${version}`,
    ...sections.map((section) =>
      [
        `\n${shown(section.grade)}  ${styled('bold', section.title)}`,
        ...section.findings.flatMap((finding) => [
          `  ${marks[finding.level]}  ${harmless(saidOf(section, finding))}`,
          ...hint(finding.todo),
        ]),
      ].join('\n'),
    ),
    ...audits.map(({ period, since, recordSince, items }) =>
      [
        `\n${styled('bold', `Check list, ${period}`)}: since ${dayOf(since)}`,
        ...(recordSince === undefined ? [] : [`  on record since ${dayOf(recordSince)}`]),
        ...items.flatMap(({ what, state, facts, todo }) => [
          `  ${boxes[state]} ${what}${state === 'by hand' ? ' (by hand)' : ''}`,
          ...facts.map((fact) => `        ${harmless(fact)}`),
          ...hint(todo),
        ]),
      ].join('\n'),
    ),
    ...(noAudits === undefined ? [] : [`\n${noAudits}`]),
  ].join('\n');
}

const shown = (grade: Grade): string => styled(colors[grade], grade);
