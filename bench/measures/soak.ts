import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, type Side, startSides } from '../bench.ts';
import { type Endpoint, written } from '../edges/edge.ts';
import { startClient } from '../load-generator.ts';
import { readMetrics } from '../metrics-page.ts';
import { openFilesOf, processTree } from '../proc.ts';
import type { Figure, Measured } from '../report.ts';
import { addressing } from '../run-load.ts';
import { USERS } from '../users.ts';
import { memoryOfSide, settle } from './settle.ts';

const SLICES = 10;
const REGISTERS_PER_SLICE = 100_000;
const CALLS_PER_SLICE = 20_000;

/** How much more than after the first tenth is still the same: garbage comes and goes. */
const MEMORY_TOLERANCE = 1.1;

/** Gauges of the gate that must go back to where they were, with what its own OPTIONS to the PBX may have open. */
const gauges = ['registrations', 'calls', 'transactions', 'timers', 'connections'] as const;
const GAUGE_TOLERANCE = 4;
const BACK_TO_IDLE_WITHIN_SECONDS = 90;

/**
 * An hour's worth of traffic at full speed: a million REGISTERs and 200,000 calls in ten slices. After the
 * last, memory must be what it was after the first, and nothing may be left over.
 */
export async function measureSoak(bench: Bench): Promise<Measured> {
  await using sides = await startSides(bench, bench.kinds.slice(0, 1));
  const [side] = sides.edges;
  if (!side?.edge) throw new Error('no edge was started');
  const http = side.edge.http;
  const pids = processTree(side.edge.pid);
  const idle = http ? await gaugesOf(http) : {};
  const filesIdle = openFilesOf(pids);

  const settled: number[] = [];
  for (let slice = 1; slice <= SLICES; slice++) {
    await runSlice(bench, side);
    if (slice === 1 || slice === SLICES) {
      await settle(bench, side);
      settled.push(memoryOfSide(side).pss);
    }
    bench.tell(
      `soak: slice ${slice} of ${SLICES}, PSS ${(memoryOfSide(side).pss / 2 ** 20).toFixed(1)} MiB`,
    );
  }

  bench.tell('soak: every phone unregisters');
  const unregister = ['reg', '--window', '64', '--count', String(USERS), '--expires', '0'];
  await runClient(bench, side, unregister);
  const left = http ? await leftOver(http, idle) : {};
  const filesLeft = openFilesOf(pids) - filesIdle;

  const [first = 0, last = 0] = settled;
  const figure = (label: string, unit: string, value: number, atMost: number): Figure => ({
    label,
    unit,
    values: { [side.name]: [value] },
    goal: { atMost },
  });
  const figures = [
    figure(
      'memory after the last tenth',
      'times that after the first',
      last / first,
      MEMORY_TOLERANCE,
    ),
    figure('files and sockets left open', 'more than before', filesLeft, 0),
    ...Object.entries(left).map(([name, more]) =>
      figure(`${name} left over`, 'more than before', more, GAUGE_TOLERANCE),
    ),
  ];
  if (!http) bench.warn('soak: the edge has no metrics page, so what it left over was not read');
  const method = `Once, at ${bench.options.scale} of the full size.`;
  return { title: 'Soak', method, figures };
}

async function runSlice(bench: Bench, side: Side): Promise<void> {
  const { scale } = bench.options;
  const loads = [
    ['reg', '--window', '64', '--count', String(Math.round(REGISTERS_PER_SLICE * scale))],
    [
      'call',
      '--window',
      '500',
      '--count',
      String(Math.round(CALLS_PER_SLICE * scale)),
      '--hold',
      '20',
    ],
  ];
  for (const load of loads) {
    await runClient(bench, side, load);
  }
}

async function runClient(bench: Bench, side: Side, args: readonly string[]): Promise<void> {
  const result = await startClient(bench.generator, [...args, ...addressing(bench, side)]).result;
  const { started, done, success } = result;
  if (success < 1) bench.warn(`soak: ${started - done} of ${started} failed (${args[0]})`);
}

type Gauges = Readonly<Record<string, number>>;

async function gaugesOf(http: Endpoint): Promise<Gauges> {
  const metrics = await readMetrics(`http://${written(http)}/metrics`);
  return Object.fromEntries(
    gauges.map((name) => [name, metrics.get(`drawbridge_${name}`) ?? Number.NaN]),
  );
}

/** How much more than when idle each gauge shows, once all are back or the time is up. */
async function leftOver(http: Endpoint, idle: Gauges): Promise<Gauges> {
  const end = Date.now() + BACK_TO_IDLE_WITHIN_SECONDS * 1000;
  for (;;) {
    const now = await gaugesOf(http);
    const left = Object.fromEntries(
      gauges.map((name) => [name, (now[name] ?? 0) - (idle[name] ?? 0)]),
    );
    if (Object.values(left).every((more) => more <= GAUGE_TOLERANCE) || Date.now() > end)
      return left;
    await sleep(1000);
  }
}
