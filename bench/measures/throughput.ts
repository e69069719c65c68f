import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, inTurn, type Side, startSides } from '../bench.ts';
import type { ClientResult } from '../load-generator.ts';
import { inRuns } from '../machine.ts';
import { cpuSecondsOf, memoryOf, processTree } from '../proc.ts';
import type { Figure, Measured } from '../report.ts';
import { type LoadRun, runLoad } from '../run-load.ts';
import { median } from '../statistics.ts';

/** One kind of load on UDP: registrations, calls, or requests within calls. */
export interface Load {
  readonly title: string;
  readonly unit: string;
  /** The load generator's mode and options, without window, rate and time. */
  readonly args: readonly string[];
  /** Closed loops tried to find the best rate: so many units under way at once. */
  readonly windows: readonly number[];
  /** Which latency is compared. */
  readonly latency: keyof ClientResult['latency'];
  readonly latencyLabel: string;
  /** How many times Kamailio's CPU ours may take. */
  readonly cpuGoal?: number;
}

const IDLE_SECONDS = 3;
const WARM_UP_SECONDS = 4;
const PROBE_SECONDS = 2;
const CONFIRMATIONS = 2;
/** Below this an edge is overloaded, and what it did is not a rate it can be said to have. */
const LEAST_SUCCESS = 0.995;

/**
 * The best rate and the CPU per unit in a closed loop; then, at one rate for all, half of the slowest
 * reference's best, CPU per unit and the latency each edge adds to that of the PBX alone.
 */
export async function measureThroughput(bench: Bench, load: Load): Promise<Measured> {
  const { repeats, seconds } = bench.options;
  await using sides = await startSides(bench);
  const everyone = [...sides.edges, sides.direct];
  const run = async (side: Side, ...args: readonly string[]) => {
    const ran = await runLoad(bench, side, [...load.args, ...args]);
    complain(bench, load, side, ran);
    return ran;
  };

  const idleCpus = await idleCpusOf(sides.edges);
  bench.tell(`${load.title}: warming up, finding each edge's best window`);
  const windows = new Map<string, number>();
  for (const side of sides.edges) {
    const widest = String(load.windows.at(-1));
    await run(side, '--window', widest, '--seconds', String(WARM_UP_SECONDS));
    const ofFirst = timesFirst(bench, side.name) && windows.values().next().value;
    windows.set(side.name, ofFirst ?? (await bestWindow(bench, load, side)));
  }
  const cpuBefore = cpuOfAll(sides.edges);
  const began = performance.now();

  bench.tell(`${load.title}: closed loop, windows ${JSON.stringify(Object.fromEntries(windows))}`);
  const closed = await inTurn(sides.edges, repeats, (side) =>
    run(side, '--window', String(windows.get(side.name)), '--seconds', String(seconds)),
  );

  const reference = sides.edges.at(-1)?.name ?? '';
  const rate = Math.round(
    median((closed[reference] ?? []).map(({ result }) => result.perSecond)) / 2,
  );
  bench.tell(`${load.title}: open loop at ${rate} a second`);
  const open = await inTurn(everyone, repeats, (side) =>
    run(side, '--rate', String(rate), '--seconds', String(seconds)),
  );
  const cpuAfter = cpuOfAll(sides.edges);
  const elapsed = (performance.now() - began) / 1000;
  const memory = memoryOfAll(sides.edges);

  const workCpu = Object.fromEntries(
    sides.edges.map(({ name }) => [
      name,
      (cpuAfter[name] ?? 0) - (cpuBefore[name] ?? 0) - (idleCpus[name] ?? 0) * elapsed,
    ]),
  );
  const runs = { closed, open, rate, idleCpus, workCpu, memory };
  const figures = figuresFrom(bench, load, runs);
  return { title: load.title, method: inRuns(bench.options), figures };
}

const timesFirst = (bench: Bench, edge: string) =>
  bench.kinds.find(({ name }) => name === edge)?.timesFirst;

/** The one with the best rate of those that the edge bears for as long as it is measured: in a short try luck may do. */
async function bestWindow(bench: Bench, load: Load, side: Side): Promise<number> {
  const run = async (window: number, seconds: number) => {
    const args = ['--window', String(window), '--seconds', String(seconds)];
    const { result } = await runLoad(bench, side, [...load.args, ...args]);
    return { window, bears: result.success >= LEAST_SUCCESS, perSecond: result.perSecond };
  };
  const tried = [];
  for (const window of load.windows) tried.push(await run(window, PROBE_SECONDS));
  const byRate = tried
    .filter(({ bears }) => bears)
    .toSorted((one, other) => other.perSecond - one.perSecond);
  for (const { window } of byRate) {
    let bears = true;
    for (let again = 0; again < CONFIRMATIONS && bears; again++)
      ({ bears } = await run(window, bench.options.seconds));
    if (bears) return window;
  }
  return load.windows[0] ?? 1;
}

/** A run that lost calls is no measurement. */
function complain(bench: Bench, load: Load, side: Side, { result, drops }: LoadRun): void {
  const { success, altered, statuses } = result;
  if (success >= LEAST_SUCCESS) return;
  bench.warn(
    `${side.name}, ${load.title}: ${(success * 100).toFixed(2)} % succeeded` +
      ` (statuses ${JSON.stringify(statuses)}, ${altered} wrong Contacts, ${drops} datagrams dropped)`,
  );
}

type ByEdge<T> = Readonly<Record<string, T>>;

interface Runs {
  readonly closed: ByEdge<readonly LoadRun[]>;
  readonly open: ByEdge<readonly LoadRun[]>;
  readonly rate: number;
  readonly idleCpus: ByEdge<number>;
  /** Seconds from the first run to the last, pauses and clean-up included, less what the edge uses when idle. */
  readonly workCpu: ByEdge<number>;
  readonly memory: ByEdge<number>;
}

function figuresFrom(bench: Bench, load: Load, runs: Runs): readonly Figure[] {
  const { closed, open, rate } = runs;
  const edges = Object.keys(closed);
  const latencyOf = ({ result }: LoadRun, which: 'p50Ms' | 'p99Ms') =>
    result.latency[load.latency]?.[which] ?? Number.NaN;
  const directly = (which: 'p50Ms' | 'p99Ms') =>
    median((open.direct ?? []).map((run) => latencyOf(run, which)));

  const figure = (
    label: string,
    unit: string,
    value: (edge: string) => readonly number[],
    goal?: Figure['goal'],
  ): Figure => ({
    label,
    unit,
    values: Object.fromEntries(edges.map((edge) => [edge, value(edge)])),
    ...(goal && { goal }),
  });
  const each = (by: ByEdge<readonly LoadRun[]>, of: (run: LoadRun) => number) => (edge: string) =>
    (by[edge] ?? []).map(of);
  const added = (which: 'p50Ms' | 'p99Ms') =>
    each(open, (run) => latencyOf(run, which) - directly(which));
  const all = (edge: string) => [...(closed[edge] ?? []), ...(open[edge] ?? [])];

  /** What a unit costs, and how many times more where the first edge runs with other settings, run by run. */
  const cpu = (label: string, value: (edge: string) => readonly number[]): readonly Figure[] => {
    const [first = ''] = edges;
    const goal = load.cpuGoal === undefined ? undefined : { times: load.cpuGoal, of: 'kamailio' };
    return [
      figure(label, `µs a ${load.unit}`, value, goal),
      ...edges.flatMap((edge) => {
        const atMost = timesFirst(bench, edge);
        if (atMost === undefined) return [];
        const values = value(edge).map((cost, run) => cost / (value(first)[run] ?? Number.NaN));
        const unit = `times that of ${first}`;
        return [{ label: `${label}, ${edge}`, unit, values: { [edge]: values }, goal: { atMost } }];
      }),
    ];
  };
  const atRate = `at ${rate.toLocaleString('en-US')} a second`;
  return [
    ...cpu(
      'CPU, closed loop',
      each(closed, (run) => run.microsecondsPerUnit),
    ),
    figure(
      'best rate, closed loop',
      'a second',
      each(closed, ({ result }) => result.perSecond),
    ),
    figure(
      'CPUs busy, closed loop',
      'CPUs',
      each(closed, ({ edgeCpus }) => edgeCpus),
    ),
    ...cpu(
      `CPU ${atRate}`,
      each(open, (run) => run.microsecondsPerUnit),
    ),
    figure(`${load.latencyLabel} added ${atRate}, p50`, 'ms', added('p50Ms')),
    figure(`${load.latencyLabel} added ${atRate}, p99`, 'ms', added('p99Ms'), {
      times: 1,
      of: 'kamailio',
    }),
    figure(`${load.latencyLabel} of the PBX alone, p50`, 'ms', () => [directly('p50Ms')]),
    figure(`${load.latencyLabel} of the PBX alone, p99`, 'ms', () => [directly('p99Ms')]),
    ...cpu('CPU, clean-up between runs included', (edge) => {
      const units = all(edge).reduce((sum, { result }) => sum + result.done, 0);
      return [((runs.workCpu[edge] ?? 0) / units) * 1e6];
    }),
    figure('CPU when idle', 'CPUs', (edge) => [runs.idleCpus[edge] ?? 0]),
    figure('least success', 'of 1', (edge) => [
      Math.min(...all(edge).map((run) => run.result.success)),
    ]),
    figure('retransmissions', 'in all', (edge) => [
      all(edge).reduce((sum, { result }) => sum + result.retransmissions, 0),
    ]),
    figure('memory after it (PSS)', 'MiB', (edge) => [(runs.memory[edge] ?? 0) / 2 ** 20]),
  ];
}

async function idleCpusOf(sides: readonly Side[]): Promise<ByEdge<number>> {
  const before = cpuOfAll(sides);
  await sleep(IDLE_SECONDS * 1000);
  const after = cpuOfAll(sides);
  return Object.fromEntries(
    sides.map(({ name }) => [name, ((after[name] ?? 0) - (before[name] ?? 0)) / IDLE_SECONDS]),
  );
}

function cpuOfAll(sides: readonly Side[]): ByEdge<number> {
  return bySide(sides, (pid) => cpuSecondsOf(processTree(pid)));
}

function memoryOfAll(sides: readonly Side[]): ByEdge<number> {
  return bySide(sides, (pid) => memoryOf(processTree(pid)).pss);
}

function bySide(sides: readonly Side[], of: (pid: number) => number): ByEdge<number> {
  return Object.fromEntries(sides.map(({ name, edge }) => [name, edge ? of(edge.pid) : 0]));
}
