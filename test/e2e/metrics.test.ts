import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { catalogue } from '../../src/control/metrics/catalogue.ts';
import { countedMethods } from '../../src/data/gate-stats.ts';
import { reasons } from '../../src/policy/reasons.ts';
import { rulesOf, stages } from '../../src/policy/registry.ts';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { metric } from '../support/gate-health.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import {
  alerts,
  dashboards,
  namedIn,
  prometheusFiles,
  questionsOf,
  textOf,
} from '../support/monitoring-files.ts';
import { ownAddress } from '../support/own-address.ts';
import { promtool, startPrometheus } from '../support/prometheus.ts';
import { udpWire } from '../support/sip-wire.ts';

let pbx: Pbx;
let gate: Gate;
let phone: Phone;

beforeAll(async () => {
  pbx = await aPbx({ address: ownAddress() });
  pbx.registersAll();
  pbx.always('INVITE', (request) => pbx.answer(request, 486));
  gate = await startGate({
    pbx: pbx.uri,
    rules: 'shipped',
    settings: {
      'extensions.list': '{ 1001: { metrics: true }, 1002: {} }',
      'outbound.concurrent-calls.routes': '{ all: 7 }',
    },
    routes: {
      'trunks.yaml': 'trunks: [{ name: carrier, uri: "sip:192.0.2.20" }]',
      'outbound.yaml': 'outboundRoutes: [{ name: all, patterns: ["0."], trunks: [carrier] }]',
    },
  });
  phone = await aPhone({ address: ownAddress(), to: gate.udp });
  await phone.register();
});
afterAll(async () => {
  await phone?.close();
  await gate?.close();
  await pbx?.close();
});

/** As they stand, without comments. */
const series = async (): Promise<readonly string[]> =>
  (await gate.metrics()).split('\n').filter((line) => line.startsWith('drawbridge_'));

/** A look at what is there once the gate has reported all of it. */
const shows = (...lines: readonly string[]) =>
  expect.poll(series, { timeout: 10_000 }).toEqual(expect.arrayContaining([...lines]));

test('promtool finds nothing wrong with them, and would say so', async () => {
  expect(promtool(['check', 'metrics'], await gate.metrics())).toEqual({ content: true, said: '' });
  const wrong = '# HELP days_left Days.\n# TYPE days_left counter\ndays_left 1\n';
  expect(promtool(['check', 'metrics'], wrong)).toMatchObject({ content: false });
});

test('a registration and a call are told of, with how long they were in the gate (X6)', async () => {
  await phone.finalAnswer(phone.request('INVITE', `sip:1002@${gate.address}`));
  await shows(
    'drawbridge_registrations 1',
    'drawbridge_added_latency_seconds_count{method="REGISTER"} 1',
    'drawbridge_added_latency_seconds_count{method="INVITE"} 1',
    'drawbridge_extension_registrations{extension="1001"} 1',
    'drawbridge_extension_calls_total{extension="1001"} 1',
    'drawbridge_extension_calls{extension="1001"} 0',
  );
  const seconds = await metric(gate, 'drawbridge_added_latency_seconds_sum');
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThan(2);
  expect((await gate.metrics()).match(/extension="\w+"/g)).not.toContain('extension="1002"');
});

test('routes, trunks and their limits are there before their first call', () =>
  shows(
    'drawbridge_route_calls{route="all"} 0',
    'drawbridge_route_calls_limit{route="all"} 7',
    'drawbridge_trunk_calls{trunk="carrier"} 0',
    'drawbridge_blocks{rule="operator"} 0',
  ));

describe('an attack', () => {
  test('adds no series however long it goes on, and writes nothing into any', async () => {
    await wave('Alpha');
    const first = await settled();
    await wave('Bravo');
    const second = await settled();
    // another rule may have refused this time, but nothing grows by who came or what he said
    expect(second.length - first.length).toBeLessThan(SOURCES / 2);
    expect(labelsOfDecisions(second).difference(closedSets)).toEqual(new Set());
    expect(second.length).toBeLessThan(500);
    expect(second.join('\n')).not.toMatch(/alpha|bravo/i);
    expect(count(second)).toBeGreaterThan(count(first));
  });
});

describe('what watches the gate', () => {
  const questions = new Map([
    ...alerts.map(({ alert, expr }) => [alert, [expr]] as const),
    ...dashboards.map((dashboard) => [dashboard.title, questionsOf(dashboard)] as const),
  ]);

  test('names only metrics that a scrape has, and labels that they have', async () => {
    const scraped = metricsIn(await gate.metrics());
    expect(questions.size).toBeGreaterThan(30);
    for (const [asker, expressions] of questions)
      for (const { metrics, labels } of expressions.map(namedIn)) {
        expect(
          metrics.filter((name) => !scraped.has(name) && name !== 'up'),
          asker,
        ).toEqual([]);
        const known = new Set([...everywhere, ...metrics.flatMap((name) => labelsOf(name))]);
        expect(
          labels.filter((label) => !known.has(label)),
          asker,
        ).toEqual([]);
      }
  });

  test('and a real Prometheus scrapes it, holds its rules against it, and answers every panel', async () => {
    const configuration = textOf('prometheus/prometheus.yml')
      .replace('127.0.0.1:9464', gate.http)
      .replace('[alerts.yml]', `[${prometheusFiles}/alerts.yml]`)
      .replaceAll('15s', '1s');
    const prometheus = await startPrometheus(configuration);
    try {
      const isUp = () =>
        prometheus.query('up{job="drawbridge"} + ignoring (node) drawbridge_pbx_node_up');
      await expect.poll(isUp, { timeout: 20_000 }).toEqual([2]);
      expect(await prometheus.ask('targets')).toMatchObject({
        activeTargets: [{ health: 'up', lastError: '' }],
      });
      for (const expression of [...questions.values()].flat()) await prometheus.query(expression);
      await expect
        .poll(() => prometheus.rulesHealth(), { timeout: 20_000 })
        .toEqual(new Map(alerts.map(({ alert }) => [alert, 'ok'])));
      expect((await prometheus.alerting()).filter((alert) => !ofABusyMachine.test(alert))).toEqual(
        [],
      );
    } finally {
      await prometheus.close();
    }
  });
});

/** What the runner does to a gate, not the gate. */
const ofABusyMachine = /Slow|Pressed|DatagramsDropped/;
const everywhere = ['instance', 'job', 'le'];
const labelsOf = (name: string): readonly string[] =>
  catalogue
    .flatMap(({ metrics }) => metrics)
    .filter((one) => name === one.name || name.startsWith(`${one.name}_`))
    .flatMap(({ labels }) => Object.keys(labels));

/** By the lines that say their types: also those that have no series now. */
const metricsIn = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.matchAll(/^# TYPE (\S+) (\w+)$/gm)].flatMap(([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );

const SOURCES = 12;

/** Requests of all kinds, with names, methods and words that nobody ever said, from sources that never came. */
async function wave(word: string): Promise<void> {
  for (let source = 0; source < SOURCES; source++) {
    const wire = await udpWire({ address: ownAddress(), port: 0 }, () => {});
    for (const text of attacks(`${word}${source}`, wire.local.port)) wire.send(text, gate.udp);
    await sleep(5);
    await wire.close();
  }
}

function attacks(word: string, port: number): readonly string[] {
  const { address } = gate;
  const request = (method: string, uri: string, more: readonly string[] = [], user = word) =>
    [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${address}:${port};branch=z9hG4bK${crypto.randomUUID()};rport`,
      'Max-Forwards: 70',
      `From: "${word}" <sip:${user}@${word}.example>;tag=${word}`,
      `To: <${uri}>`,
      `Call-ID: ${crypto.randomUUID()}-${word}`,
      `CSeq: 1 ${method}`,
      `Contact: <sip:${user}@192.0.2.1:5060>`,
      ...more,
      'Content-Length: 0',
      '\r\n',
    ].join('\r\n');
  return [
    request('OPTIONS', `sip:${word}@${address}`),
    request(word, `sip:${address}`),
    request('INVITE', `sip:00${word.length}9001234@${address}`),
    request('INVITE', `sip:${word}@${address}`, [], '1001'),
    request('REGISTER', `sip:${address}`, [], '1001'),
    request('REGISTER', `sip:${word}.example`, ['Expires: 60']),
    request('SUBSCRIBE', `sip:${word}@${address}`, [`Event: ${word}`]),
    request('INVITE', `sip:1';DROP TABLE ${word}@${address}`),
    `${word} is no SIP\r\n\r\n`,
    request('OPTIONS', `sip:100@${address}`, ['User-Agent: friendly-scanner']),
  ];
}

/** All that the labels of decisions may say. */
const closedSets = new Set<string>([
  ...stages.flatMap((stage) => rulesOf[stage].map(({ name }) => name)),
  ...Object.keys(reasons),
  ...countedMethods,
  ...['refused', 'shadow', 'excepted', 'none', 'access', 'core', 'trunk'],
  ...['trusted', 'known', 'unknown'],
]);
const labelsOfDecisions = (lines: readonly string[]): Set<string> =>
  new Set(
    lines
      .filter(refusals)
      .flatMap((line) => [...line.matchAll(/="([^"]*)"/g)].map(([, value]) => value ?? '')),
  );

const refusals = (line: string): boolean => line.startsWith('drawbridge_decisions_total{');
const count = (lines: readonly string[]): number =>
  lines.filter(refusals).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);

/** The gate reports each second: when two reports say the same of refusals, all that was sent is counted. */
async function settled(): Promise<readonly string[]> {
  for (let last = -1; ; ) {
    await sleep(1200);
    const now = await series();
    if (count(now) === last) return now;
    last = count(now);
  }
}
