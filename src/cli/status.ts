import { showHostPort } from '../config/forms.ts';
import { showListenPoint } from '../config/listen-point.ts';
import type { ProcessStatus } from '../control/control-messages.ts';
import type { KernelStatus } from '../control/kernel/kernel-status.ts';
import { clockOff } from '../control/shared/clock-off.ts';
import type { ClusterStatus } from '../control/shared/shared-state.ts';
import type { ProgramsStatus } from '../data/gate-status.ts';
import { askRunning } from './ask-running.ts';
import type { Command } from './command.ts';
import { duration } from './duration.ts';
import { showGuard } from './guards.ts';
import { counted, harmless, others, printFound, styled, table } from './output.ts';
import { placeFlags } from './settings-flags.ts';
import { showContact } from './show-contact.ts';
import { showException } from './show-exception.ts';
import { showList } from './show-list.ts';

export const status: Command = {
  name: 'status',
  summary: 'what the running gate holds: listeners, PBX nodes, programs, registrations, calls',
  mostOperands: 0,
  flags: {
    ...placeFlags,
    json: { type: 'boolean', help: 'one JSON object, for programs' },
    all: {
      type: 'boolean',
      help: 'list every program, registration and call, not only the first 20',
    },
  },
  async run(given) {
    const rows = given.flags.all === true ? Number.MAX_SAFE_INTEGER : 20;
    const answer = await askRunning<ProcessStatus>(given, { command: 'status', rows });
    printFound(given, answer, (gate) => showStatus(gate, Date.now()));
    return 0;
  },
};

const saidOf = {
  strangers: 'strangers wait',
  calls: 'strangers wait, new calls get shares',
} as const;

/** The whole status, for a person. */
export function showStatus(gate: ProcessStatus, now: number): string {
  const state =
    gate.ready.length === 0 ? styled('green', 'ready') : styled('yellow', gate.ready.join(', '));
  const since = duration(now - gate.startedAt);
  return [
    `${styled('bold', 'Drawbridge')} ${gate.version}  ${state}  process ${gate.process}, up ${since}`,
    table([
      ['data', gate.dataDirectory],
      ['metrics', gate.metrics],
      ...(gate.pressure === 'none' ? [] : [['overload', styled('red', saidOf[gate.pressure])]]),
      ...diskRow(gate.disk),
      ...drachtioRow(gate.drachtio),
    ]),
    gate.cluster !== undefined && clusterSection(gate.cluster, now),
    section(
      'Listeners',
      gate.listeners.map(({ transport, address, port, realm, advertised }) => [
        showListenPoint({ transport, address, port }),
        realm,
        advertised.host === address && advertised.port === port
          ? ''
          : `advertised as ${showHostPort(advertised.host, advertised.port)}`,
      ]),
    ),
    section(
      'PBX nodes',
      gate.pbx.map(({ name, uri, up, draining, latencyMs }) => [
        up ? styled('green', 'up') : styled('red', 'down'),
        name,
        uri,
        latencyMs === undefined ? '' : `${latencyMs.toFixed(1)} ms`,
        draining ? 'draining' : '',
      ]),
    ),
    gate.certificates.length > 0 &&
      section(
        'Certificates',
        gate.certificates.map(({ name, selfSigned, expiresAt }) => [
          name,
          `${Math.floor((expiresAt - now) / 86_400_000)} days left`,
          selfSigned ? 'self-signed' : '',
        ]),
      ),
    gate.programs !== undefined && programsSection(gate.programs),
    section('Blocked', [
      [blockedSources(gate.blocks), enforcement(gate.blocks)],
      ['in the kernel', inKernel(gate.kernel)],
    ]),
    gate.guards.count > 0 &&
      section(
        `Guarded extensions: ${gate.guards.count.toLocaleString('en')}${gate.guards.mode === 'on' ? '' : ` (${gate.guards.mode})`}`,
        gate.guards.rows.map((one) => showGuard(one, now)),
        gate.guards.count,
      ),
    gate.lists.length > 0 &&
      section(
        'Lists',
        gate.lists.map((one) => showList(one, now)),
      ),
    gate.contacts.length > 0 &&
      section(
        'Notifications',
        gate.contacts.map((one) => showContact(one, now)),
      ),
    gate.exceptions.length > 0 &&
      section(
        'Exceptions',
        gate.exceptions.map((one) => showException(one, now)),
      ),
    gate.shadows.length > 0 &&
      section(
        'Rules in shadow',
        gate.shadows.map(({ rule, refusals, since, lastAt }) => [
          rule,
          `would have refused ${counted(refusals, 'time')}`,
          `in ${duration(now - since)}`,
          lastAt === undefined ? '' : `last ${duration(now - lastAt)} ago`,
        ]),
      ),
    section(
      `Registrations: ${gate.registrations.count.toLocaleString('en')}`,
      gate.registrations.rows.map((row) => [
        harmless(row.aor),
        `${row.transport} ${showHostPort(row.address, row.port)}`,
        `${Math.max(0, Math.round((row.expiresAt - now) / 1000))} s`,
        row.gate === '' ? row.node : `${row.node} at ${row.gate}`,
        harmless(row.userAgent),
      ]),
      gate.registrations.count,
    ),
    section(
      callsTitle(gate.calls),
      gate.calls.rows.map(
        ({ callId, state, startedAt, from, to, caller, callee, trunk, route }) => [
          harmless(callId),
          `${state === 'ringing' ? 'rings ' : ''}${duration(now - startedAt)}`,
          between(harmless(from), harmless(to)),
          callee === undefined ? caller : between(caller, callee),
          [trunk, route && `route ${route}`].filter(Boolean).join(', '),
        ],
      ),
      gate.calls.count + gate.calls.ringing,
    ),
  ]
    .filter((part) => part !== false)
    .join('\n');
}

function blockedSources({ count, listed }: ProcessStatus['blocks']): string {
  const own = count === 0 ? 'nobody' : `${counted(count, 'source')}; drawbridge blocks lists them`;
  return listed === 0 ? own : `${own}; ${counted(listed, 'network')} by lists`;
}

const enforcement = ({ enforced }: ProcessStatus['blocks']): string =>
  enforced.includes('socket')
    ? 'refused at our sockets, before anything is read'
    : 'refused request by request: the sockets are the drachtio-server’s';

/** Where the kernel refuses for us, or why it does not. */
function inKernel({ hook, devices, why, table, elements, dropped }: KernelStatus): string {
  if (hook === 'none') return `${styled('yellow', 'not refused')}: ${why ?? 'not begun yet'}`;
  const packets = Object.values(dropped).reduce((sum, one) => sum + one, 0);
  return [
    hook === 'ingress' ? `refused at ingress of ${devices.join(', ')}` : 'refused at prerouting',
    ...(why === undefined ? [] : [why]),
    `table inet ${table}`,
    `${counted(elements.blocked + elements.unproven + elements.listed, 'network')} blocked`,
    `${elements.known.toLocaleString('en')} known`,
    `${counted(packets, 'packet')} dropped`,
  ].join('; ');
}

function diskRow(disk: ProcessStatus['disk']): string[][] {
  const { errors, lostEvents } = disk ?? { errors: 0, lostEvents: 0 };
  if (errors + lostEvents === 0) return [];
  const text = `${counted(errors, 'write')} failed, ${counted(lostEvents, 'event')} lost since the start`;
  return [['disk', styled('red', text)]];
}

function drachtioRow(drachtio: ProcessStatus['drachtio']): string[][] {
  if (drachtio === undefined) return [];
  const { address, connected } = drachtio;
  return [['drachtio', address, connected ? '' : styled('red', 'lost')]];
}

function clusterSection(
  { node, connected, why, since, nodes, clockOffMs }: ClusterStatus,
  now: number,
): string {
  const state = connected
    ? styled('green', 'shared through Redis')
    : styled('red', `Redis is lost: ${why}; on its own`);
  const off = clockOff(clockOffMs);
  return section('Cluster', [
    [node, state, `since ${duration(now - since)}`, off === undefined ? '' : styled('red', off)],
    // whoever writes to Redis says these
    ...nodes.map(({ name, uri }) => [harmless(name), harmless(uri ?? 'not to be reached'), '']),
  ]);
}

function callsTitle({ count, ringing }: ProcessStatus['calls']): string {
  const answered = `Calls: ${count.toLocaleString('en')}`;
  return ringing > 0 ? `${answered}, and ${ringing.toLocaleString('en')} ringing` : answered;
}

function programsSection({ port, count, rows }: ProgramsStatus): string {
  const where = port === undefined ? '' : ` on ${showHostPort(port.address, port.port)}`;
  return section(
    `Programs${where}${port?.tls ? ' (TLS)' : ''}: ${count.toLocaleString('en')}`,
    rows.map((program) => [
      `${showHostPort(program.address, program.port)}${program.outbound ? ' (for one request)' : ''}`,
      program.tags.join(','),
      program.verbs.join(' '),
      [
        program.requests > 0 && counted(program.requests, 'request'),
        program.calls > 0 && counted(program.calls, 'call'),
        program.subscriptions > 0 && counted(program.subscriptions, 'subscription'),
      ]
        .filter((part) => part !== false)
        .join(', '),
      program.attends ? '' : styled('red', 'answers nothing'),
    ]),
    count,
  );
}

const between = (one: string, other: string): string => `${one} ${styled('gray', '→')} ${other}`;

function section(title: string, rows: readonly (readonly string[])[], count = rows.length): string {
  const list = rows.length > 0 ? [table(rows)] : [];
  return [`\n${styled('bold', title)}`, ...list, ...others(count - rows.length)].join('\n');
}
