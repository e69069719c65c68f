import type { ClientResult } from '../load-generator.ts';
import { table } from '../report.ts';
import { significant } from '../statistics.ts';
import type { Attack } from './attacks.ts';
import type { Sight } from './besieged.ts';
import type { Felt } from './honest-phones.ts';

/** What an attacker says of itself. */
export interface Sent {
  readonly seconds: number;
  readonly sent: number;
  /** Undefined where it does not listen. */
  readonly answers?: number;
  readonly statuses?: Readonly<Record<string, number>>;
}

export interface Outcome {
  readonly attack: Attack;
  readonly felt: Felt;
  readonly sent: Sent;
  readonly before: Sight;
  readonly after: Sight;
}

const metric = {
  kernel: 'drawbridge_kernel_dropped_packets_total',
  socket: 'drawbridge_datagrams_dropped_total',
  policy: 'drawbridge_decisions_total',
  blocked: 'drawbridge_blocks_made_total',
} as const;

/** All that one edge was put through. */
export interface Siege {
  readonly edge: string;
  readonly quiet: Felt;
  readonly outcomes: readonly Outcome[];
}

/** A page for people, who want to know first what honest callers felt. */
export const formatSieges = (sieges: readonly Siege[], how: string): string =>
  `# The siege

${how}

${sieges.map(formatSiege).join('\n')}
${(sieges[0]?.outcomes ?? []).map(({ attack }) => `- **${attack.name}**: ${attack.what}`).join('\n')}
`;

function formatSiege({ edge, quiet, outcomes }: Siege): string {
  return `## ${edge}

What honest people felt:

${table([
  ['attack', 'calls that worked', 'p50, ms', 'p99, ms', 'registrations', 'p50, ms', 'p99, ms'],
  ['none', ...feltRow(quiet)],
  ...outcomes.map(({ attack, felt }) => [attack.name, ...feltRow(felt)]),
])}

What became of the attack (packets, or connections begun):

${table([
  [
    'attack',
    'sent a second',
    'dropped by the kernel',
    'lost at the socket',
    'refused by rules',
    'sources blocked',
    'answers to the attacker',
    'CPUs busy',
    'memory, MiB',
  ],
  ...outcomes.map(outcomeRow),
])}
${whatFailed(outcomes)}`;
}

function whatFailed(outcomes: readonly Outcome[]): string {
  const lines = outcomes.flatMap(({ attack, felt }) => {
    const all = [...failures('call', felt.calls), ...failures('registration', felt.registrations)];
    return all.length === 0 ? [] : [`- ${attack.name}: ${all.join('; ')}`];
  });
  return lines.length === 0 ? '' : `\n${lines.join('\n')}\n`;
}

function failures(what: string, { failed, timedOut, statuses }: ClientResult): readonly string[] {
  const refused = Object.entries(statuses)
    .filter(([status]) => Number(status) >= 300)
    .map(([status, count]) => `${what}s answered ${status}: ${count}`);
  return [
    ...(failed > 0 && refused.length === 0 ? [`${what}s that failed: ${failed}`] : []),
    ...refused,
    ...(timedOut > 0 ? [`${what}s that heard nothing: ${timedOut}`] : []),
  ];
}

const feltRow = ({ calls, registrations }: Felt): readonly string[] => [
  percent(calls.success),
  significant(calls.latency.answer?.p50Ms ?? Number.NaN),
  significant(calls.latency.answer?.p99Ms ?? Number.NaN),
  percent(registrations.success),
  significant(registrations.latency.answer?.p50Ms ?? Number.NaN),
  significant(registrations.latency.answer?.p99Ms ?? Number.NaN),
];

function outcomeRow({ attack, sent, before, after }: Outcome): readonly string[] {
  const grown = (name: string): string =>
    after.metrics.size === 0
      ? '–'
      : significant((after.metrics.get(name) ?? 0) - (before.metrics.get(name) ?? 0));
  const elapsed = (after.at - before.at) / 1000;
  return [
    attack.name,
    significant(sent.sent / sent.seconds),
    grown(metric.kernel),
    grown(metric.socket),
    grown(metric.policy),
    grown(metric.blocked),
    toldText(sent),
    significant((after.cpuSeconds - before.cpuSeconds) / elapsed),
    significant(after.memory / 2 ** 20),
  ];
}

function toldText({ answers, statuses = {} }: Sent): string {
  if (answers === undefined) return 'not heard';
  if (answers === 0) return 'none';
  const each = Object.entries(statuses).map(([status, count]) => `${count} × ${status}`);
  return each.join(', ');
}

const percent = (part: number): string => `${(part * 100).toFixed(part < 1 ? 2 : 0)} %`;
