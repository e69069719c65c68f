import { expect, test } from 'vitest';
import type { DataPlaneStats } from '../../data/messages.ts';
import type { ListStatus } from '../lists/lists.ts';
import type { ContactStatus } from '../notify/contact.ts';
import { openMetrics } from './catalogue.ts';

const stats: DataPlaneStats = {
  requests: { access: { INVITE: 3, other: 1 }, core: { OPTIONS: 2 } },
  answers: { access: { '2xx': 4 } },
  blocks: { count: 12, made: { scanners: 5, operator: 1 } },
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
  pressure: 'calls',
  clockSteps: 0,
  connections: { open: { tls: 9 }, handshaking: 1, refused: { 'per-source': 2 } },
  pbx: [
    { name: 'a', uri: 'sip:a', up: true, draining: false, latencyMs: 2.5 },
    { name: 'b', uri: 'sip:b', up: false, draining: true, latencyMs: undefined },
  ],
  certificates: [
    { name: 'sip.example.com', selfSigned: false, expiresAt: Date.now() + 10 * 86_400_000 },
  ],
  programs: {
    connected: 5,
    outbound: 2,
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

function metricsOf(report: DataPlaneStats | undefined) {
  return openMetrics({
    stats: () => report,
    controlLag: () => ({ mean: 0, p99: 0, max: 0 }),
    databaseErrors: () => 1,
    lostLogLines: () => 0,
    lostEvents: () => 0,
    cluster: () => undefined,
    lists: () => [apiban],
    contacts: () => [anna],
    reloads: { taken: 2, refused: 1 },
    faults: () => 0,
    kernel: () => ({
      ...{ table: 'drawbridge_a', hook: 'ingress', devices: ['lo'], why: undefined, repairs: 2 },
      elements: { blocked: 3, unproven: 4, listed: 1, known: 5 },
      dropped: {
        ...{ 'blocked-sources': 6, 'automatic-defence': 7, firewall: 8 },
        ...{ 'drop-all': 0, 'strangers-share': 9 },
      },
    }),
    build: { version: '1.2.3', node: 'v24' },
  });
}

test('what the data plane reports is what a scrape shows, however often it is scraped', async () => {
  const metrics = metricsOf(stats);
  await metrics.metrics();
  const lines = (await metrics.metrics()).split('\n');
  for (const line of [
    'drawbridge_requests_total{realm="access",method="INVITE"} 3',
    'drawbridge_requests_total{realm="core",method="OPTIONS"} 2',
    'drawbridge_answers_total{realm="access",class="2xx"} 4',
    'drawbridge_decisions_total{outcome="shadow",rule="no-guests",reason="guest",method="INVITE",realm="access",tier="unknown"} 7',
    'drawbridge_registrations 5',
    'drawbridge_blocks 12',
    'drawbridge_blocks_made_total{rule="scanners"} 5',
    'drawbridge_kernel_refuses{hook="ingress"} 1',
    'drawbridge_kernel_elements{set="unproven"} 4',
    'drawbridge_kernel_dropped_packets_total{by="strangers-share"} 9',
    'drawbridge_kernel_repairs_total 2',
    'drawbridge_calls 6',
    'drawbridge_calls_ringing 4',
    'drawbridge_transactions 7',
    'drawbridge_timers 8',
    'drawbridge_connections{transport="tls"} 9',
    'drawbridge_connections_refused_total{limit="per-source"} 2',
    'drawbridge_programs_connected{direction="inbound"} 3',
    'drawbridge_programs_connected{direction="outbound"} 2',
    'drawbridge_program_frames_total{direction="received"} 70',
    'drawbridge_programs_refused_total{why="stalled"} 4',
    'drawbridge_program_requests_total{outcome="nobody"} 8',
    'drawbridge_drachtio_server_up{server="127.0.0.1:9022"} 0',
    'drawbridge_pbx_node_up{node="a"} 1',
    'drawbridge_pbx_node_up{node="b"} 0',
    'drawbridge_pbx_node_draining{node="b"} 1',
    'drawbridge_pbx_node_latency_seconds{node="a"} 0.0025',
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
    'drawbridge_build_info{version="1.2.3",node="v24"} 1',
  ]) {
    expect(lines).toContain(line);
  }
  expect(
    lines.some((line) =>
      /certificate_days_to_expiry\{certificate="sip.example.com"\} 9\.99/.test(line),
    ),
  ).toBe(true);
});

test('before the first report there is only what is known', async () => {
  const text = await metricsOf(undefined).metrics();
  expect(text).toContain('drawbridge_build_info{');
  expect(text).not.toMatch(/^drawbridge_pbx_node_up\{/m);
});

test('every metric says what it is', async () => {
  for (const { help, name } of await metricsOf(stats).getMetricsAsJSON()) {
    expect(help, name).not.toBe('');
    expect(name).toMatch(/^drawbridge_[a-z0-9_]+$/);
  }
});
