import { type Bench, inTurn, type Side, startSides } from '../bench.ts';
import type { ClientResult } from '../load-generator.ts';
import { inRuns } from '../machine.ts';
import type { Figure, Measured } from '../report.ts';
import { type LoadRun, runLoad } from '../run-load.ts';
import { median } from '../statistics.ts';
import { calling, registering } from './loads.ts';
import type { Load } from './throughput.ts';

/** Of what an edge can do at most, so much is asked for. */
const TOO_MUCH = 1.5;
const HALF = 0.5;
const WARM_UP_SECONDS = 4;
const PROBES = 3;

interface Overloaded {
  readonly during: LoadRun;
  /** Begun at once when the last of the overload was done. */
  readonly after: LoadRun;
}

/** Asks each edge for more than it can do: how much it still does, and how it fares at half of its best at once after. */
export async function measureOverload(bench: Bench): Promise<Measured> {
  await using sides = await startSides(bench);
  const figures: Figure[] = [];
  for (const load of [registering, calling])
    figures.push(...(await overload(bench, sides.edges, load)));
  return { title: 'More than it can do', method: inRuns(bench.options), figures };
}

async function overload(
  bench: Bench,
  edges: readonly Side[],
  load: Load,
): Promise<readonly Figure[]> {
  const { repeats, seconds } = bench.options;
  const run = (side: Side, ...args: readonly string[]) =>
    runLoad(bench, side, [...load.args, ...args]);

  bench.tell(`${load.title}, more than it can do: finding each edge's best rate`);
  const best = new Map<string, number>();
  for (const side of edges) {
    const window = String(load.windows[1]);
    await run(side, '--window', window, '--seconds', String(WARM_UP_SECONDS));
    const rates: number[] = [];
    for (let probe = 0; probe < PROBES; probe++) {
      const { result } = await run(side, '--window', window, '--seconds', String(seconds));
      rates.push(result.perSecond);
    }
    best.set(side.name, median(rates));
  }

  bench.tell(`${load.title}, more than it can do: ${TOO_MUCH} times ${told(best)} a second`);
  const runs = await inTurn(edges, repeats, async (side): Promise<Overloaded> => {
    const atTimes = (times: number) =>
      run(
        side,
        ...['--rate', String(Math.round((best.get(side.name) ?? 0) * times))],
        ...['--seconds', String(seconds)],
      );
    return { during: await atTimes(TOO_MUCH), after: await atTimes(HALF) };
  });

  const figure = (label: string, unit: string, of: (run: Overloaded, edge: string) => number) => ({
    label: `${load.title}: ${label}`,
    unit,
    values: Object.fromEntries(
      Object.entries(runs).map(([edge, list]) => [edge, list.map((one) => of(one, edge))]),
    ),
  });
  const p99 = ({ latency }: ClientResult) => latency[load.latency]?.p99Ms ?? Number.NaN;
  return [
    figure('best rate, closed loop', 'a second', (_, edge) => best.get(edge) ?? 0),
    figure(
      `done at ${TOO_MUCH} times that`,
      'a second',
      ({ during: { result } }) => result.perSecond,
    ),
    figure('succeeded', 'of 1', ({ during: { result } }) => result.success),
    figure(
      'CPU',
      `µs a ${load.unit} begun`,
      ({ during }) => (during.edgeCpuSeconds / during.result.started) * 1e6,
    ),
    figure(`${load.latencyLabel}, p99`, 'ms', ({ during: { result } }) => p99(result)),
    figure(
      'succeeded at half of the best, at once after',
      'of 1',
      ({ after: { result } }) => result.success,
    ),
    figure(`${load.latencyLabel}, p99 then`, 'ms', ({ after: { result } }) => p99(result)),
  ];
}

const told = (best: ReadonlyMap<string, number>): string =>
  JSON.stringify(Object.fromEntries([...best].map(([edge, rate]) => [edge, Math.round(rate)])));
