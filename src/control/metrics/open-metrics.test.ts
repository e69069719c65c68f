import { expect, test } from 'vitest';
import { loadSettings } from '../../config/load.ts';
import { type Durations, durationClasses } from '../../data/durations.ts';
import type { DataPlaneStats } from '../../data/gate-stats.ts';
import type { KernelStatus } from '../kernel/kernel-status.ts';
import type { ListStatus } from '../lists/lists.ts';
import type { ContactStatus } from '../notify/contact.ts';
import { ReloadCounts } from '../reloads.ts';
import { openMetrics } from './open-metrics.ts';
import type { MetricSources } from './sources.ts';

/** So many in the first class, and in the last. */
const durations = (first: number, last: number): Durations => ({
  counts: [first, ...new Array(durationClasses.length - 1).fill(0), last],
  sum: 1.5,
});

const stats: DataPlaneStats = {
  requests: { access: { INVITE: 3, other: 1 }, core: { OPTIONS: 2 } },
  answers: { access: { '2xx': 4 } },
  added: { REGISTER: durations(2, 1), INVITE: durations(0, 0), other: durations(0, 0) },
  failures: { 'password-wrong': 3 },
  calling: {
    answered: 11,
    ended: { bye: 10 },
    emergencies: 1,
    routes: { abroad: { live: 1, made: 9 } },
    trunks: { carrier: { live: 2, received: 4, answers: { '2xx': 5, none: 1 } } },
  },
  extensions: [{ name: '1001', registrations: 1, live: 2, calls: 30, refused: 4, failed: 5 }],
  blocks: { byRule: { scanners: 12 }, made: { scanners: 5, operator: 1 } },
  guards: 3,
  attacks: { 'many-sources': 2 },
  lists: [{ name: 'apiban', networks: 3, packets: 8, came: 2 }],
  decisions: [
    {
      ...{ outcome: 'shadow', rule: 'no-guests', reason: 'guest' },
      ...{ method: 'INVITE', realm: 'access', tier: 'unknown', count: 7 },
    },
  ],
  registrations: 5,
  calls: 6,
  ringing: 4,
  transactions: 7,
  timers: 8,
  ignored: 3,
  datagramsDropped: 0,
  floodLanes: 0,
  pressure: 'calls',
  clockSteps: 0,
  connections: { open: { tls: 9 }, handshaking: 1, refused: { 'per-source': 2 } },
  pbx: [
    { name: 'a', uri: 'sip:a', up: true, draining: false, latencyMs: 2.5 },
    { name: 'b', uri: 'sip:b', up: false, draining: true, latencyMs: undefined },
  ],
  certificates: [{ name: 'sip.example.com', selfSigned: false, expiresAt: 2_000_000_000_000 }],
  programs: {
    connected: 5,
    outbound: 2,
    dialogs: 3,
    framesReceived: 70,
    framesSent: 80,
    refused: { 'too-many': 0, time: 1, secret: 2, format: 3, stalled: 4 },
    requests: { given: 9, nobody: 8, unreachable: 7, decided: 6, failed: 5, draining: 4 },
  },
  drachtio: { address: '127.0.0.1:9022', connected: false },
  eventLoop: { mean: 1, p99: 2, max: 3 },
  heapBytes: 1000,
  draining: false,
};

const apiban: ListStatus = {
  ...{ name: 'apiban', mode: 'block', from: 'https://apiban.org', networks: 3, overridden: 0 },
  ...{ readAt: Date.now() - 60_000, changedAt: undefined, nextAt: undefined, reading: false },
  failing: { kind: 'timeout', text: 'no whole answer within 20 s', since: 0, times: 2 },
  ...{ failures: [['timeout', 2]], notices: [], packets: 8, came: 2 },
};

const anna: ContactStatus = {
  ...{ name: 'anna', by: 'email', to: 'anna@example.com', waiting: 3, untold: 9, sent: 4, lost: 2 },
  ...{ quiet: false, lastSentAt: undefined },
  failing: { text: 'no answer', since: 0, times: 1, nextAt: 0 },
};

const kernel: KernelStatus = {
  ...{ table: 'drawbridge_a', hook: 'ingress', devices: ['lo'], why: undefined, repairs: 2 },
  elements: { blocked: 3, unproven: 4, listed: 1, known: 5 },
  dropped: {
    ...{ 'blocked-sources': 6, 'automatic-defence': 7, firewall: 8 },
    ...{ 'drop-all': 0, 'strangers-share': 9 },
  },
};

const others: ReturnType<MetricSources['cluster']> = {
  ...{ node: 'a', connected: false, why: 'gone', since: 0, errors: 4 },
  nodes: [{ name: 'b', uri: undefined }],
  asked: { answered: 6, failed: 1 },
};

/** The shipped settings with some others. */
function settingsWith(...set: readonly string[]) {
  const loaded = loadSettings({ set, pbx: ['sip:192.0.2.10'] }, {}, true);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.settings;
}

const limited = [
  'trunks=[{ name: carrier, uri: "sip:192.0.2.20" }, { name: spare, uri: "sip:192.0.2.21" }]',
  'outboundRoutes=[{ name: abroad, patterns: ["00."], trunks: [carrier] }]',
  'outbound.concurrent-calls.trunks={ carrier: 30 }',
];
const settings = settingsWith(...limited);

const sources: MetricSources = {
  stats: () => stats,
  controlLag: () => ({ mean: 0, p99: 0, max: 0 }),
  databaseErrors: () => 1,
  lostLogLines: () => 0,
  lostEvents: () => 0,
  cluster: () => others,
  lists: () => [apiban],
  contacts: () => [anna],
  settings: () => settings,
  exceptions: () => 2,
  reloads: new ReloadCounts(),
  faults: () => 0,
  kernel: () => kernel,
  build: { version: '1.2.3', node: 'v24' },
  startedAt: 1000,
};

const scraped = async (different: Partial<MetricSources> = {}): Promise<readonly string[]> =>
  (await openMetrics({ ...sources, ...different }).metrics()).split('\n');

test('what is known is what a scrape shows', async () => {
  expect(await scraped()).toEqual(
    expect.arrayContaining([
      'drawbridge_requests_total{realm="access",method="INVITE"} 3',
      'drawbridge_requests_total{realm="core",method="OPTIONS"} 2',
      'drawbridge_answers_total{realm="access",class="2xx"} 4',
      'drawbridge_added_latency_seconds_bucket{method="REGISTER",le="0.0001"} 2',
      'drawbridge_added_latency_seconds_bucket{method="REGISTER",le="1"} 2',
      'drawbridge_added_latency_seconds_bucket{method="REGISTER",le="+Inf"} 3',
      'drawbridge_added_latency_seconds_sum{method="REGISTER"} 1.5',
      'drawbridge_added_latency_seconds_count{method="REGISTER"} 3',
      'drawbridge_decisions_total{outcome="shadow",rule="no-guests",reason="guest",method="INVITE",realm="access",tier="unknown"} 7',
      'drawbridge_registration_failures_total{kind="password-wrong"} 3',
      'drawbridge_registrations 5',
      'drawbridge_blocks{rule="scanners"} 12',
      'drawbridge_blocks{rule="operator"} 0',
      'drawbridge_blocks_made_total{rule="scanners"} 5',
      'drawbridge_guards 3',
      'drawbridge_attacks_total{kind="many-sources"} 2',
      'drawbridge_exceptions 2',
      'drawbridge_kernel_refuses{hook="ingress"} 1',
      'drawbridge_kernel_elements{set="unproven"} 4',
      'drawbridge_kernel_dropped_packets_total{by="strangers-share"} 9',
      'drawbridge_kernel_repairs_total 2',
      'drawbridge_calls 6',
      'drawbridge_calls_ringing 4',
      'drawbridge_calls_answered_total 11',
      'drawbridge_calls_ended_total{why="bye"} 10',
      'drawbridge_emergency_calls_total 1',
      'drawbridge_limit{of="calls"} 50000',
      'drawbridge_route_calls{route="abroad"} 1',
      'drawbridge_route_calls_total{route="abroad"} 9',
      'drawbridge_trunk_calls{trunk="carrier"} 2',
      'drawbridge_trunk_calls{trunk="spare"} 0',
      'drawbridge_trunk_calls_limit{trunk="carrier"} 30',
      'drawbridge_trunk_calls_received_total{trunk="carrier"} 4',
      'drawbridge_trunk_answers_total{trunk="carrier",class="none"} 1',
      'drawbridge_extension_registrations{extension="1001"} 1',
      'drawbridge_extension_calls{extension="1001"} 2',
      'drawbridge_extension_calls_total{extension="1001"} 30',
      'drawbridge_extension_refused_total{extension="1001"} 4',
      'drawbridge_extension_failures_total{extension="1001"} 5',
      'drawbridge_transactions 7',
      'drawbridge_timers 8',
      'drawbridge_connections{transport="tls"} 9',
      'drawbridge_connections_refused_total{limit="per-source"} 2',
      'drawbridge_programs_connected{direction="inbound"} 3',
      'drawbridge_programs_connected{direction="outbound"} 2',
      'drawbridge_program_dialogs 3',
      'drawbridge_program_frames_total{direction="received"} 70',
      'drawbridge_programs_refused_total{why="stalled"} 4',
      'drawbridge_program_requests_total{outcome="nobody"} 8',
      'drawbridge_drachtio_server_up{server="127.0.0.1:9022"} 0',
      'drawbridge_pbx_node_up{node="a"} 1',
      'drawbridge_pbx_node_up{node="b"} 0',
      'drawbridge_pbx_node_draining{node="b"} 1',
      'drawbridge_pbx_node_latency_seconds{node="a"} 0.0025',
      'drawbridge_certificate_expires_timestamp_seconds{certificate="sip.example.com"} 2000000000',
      'drawbridge_event_loop_lag_seconds{plane="data",of="p99"} 0.002',
      'drawbridge_database_errors_total 1',
      'drawbridge_list_networks{list="apiban",mode="block"} 3',
      'drawbridge_list_failing{list="apiban",why="timeout"} 1',
      'drawbridge_list_failures_total{list="apiban",why="timeout"} 2',
      'drawbridge_list_packets_total{list="apiban",mode="block"} 8',
      'drawbridge_notifications_sent_total{contact="anna"} 4',
      'drawbridge_notification_events_lost_total{contact="anna"} 2',
      'drawbridge_notifications_waiting{contact="anna"} 3',
      'drawbridge_notification_failing{contact="anna"} 1',
      'drawbridge_redis_up 0',
      'drawbridge_cluster_nodes 2',
      'drawbridge_redis_errors_total 4',
      'drawbridge_redis_leases_total{outcome="failed"} 1',
      'drawbridge_reloads_total{outcome="taken"} 0',
      'drawbridge_process_start_time_seconds 1',
      'drawbridge_build_info{version="1.2.3",node="v24"} 1',
    ]),
  );
});

test('what nobody knows is not shown as nothing', async () => {
  const start = await scraped({ stats: () => undefined, kernel: () => undefined });
  expect(start.filter((line) => /^drawbridge_(pbx|calls|registrations|kernel)/.test(line))).toEqual(
    [],
  );
  expect(start.some((line) => line.startsWith('drawbridge_build_info{'))).toBe(true);

  const alone = await scraped({ cluster: () => undefined });
  expect(alone.filter((line) => /^drawbridge_(redis|cluster)/.test(line))).toEqual([]);
});

test('a limit that does not refuse is none', async () => {
  const limits = async (set: string) => {
    const shadowed = settingsWith(...limited, set);
    const lines = await scraped({ settings: () => shadowed });
    return lines.filter((line) => line.startsWith('drawbridge_trunk_calls_limit{')).length;
  };
  expect(await limits('site.rules=on')).toBe(1);
  expect(await limits('site.rules=shadow')).toBe(0);
  expect(await limits('outbound.concurrent-calls.mode=shadow')).toBe(0);
});

test('the same rules have one digest, and others another', async () => {
  const digest = async (...set: readonly string[]) => {
    const other = settingsWith(...set);
    return (await scraped({ settings: () => other })).find((line) => line.includes('policy_info{'));
  };
  expect(await digest()).toBe(await digest());
  expect(await digest('site.homeCountry=DE')).not.toBe(await digest());
});
