import { type Bench, inTurn, type Side, startSides } from '../bench.ts';
import { inRuns } from '../machine.ts';
import { cpuSecondsOf, processTree } from '../proc.ts';
import type { Figure, Measured } from '../report.ts';
import type { Report } from '../tls/orders.ts';
import { startTlsPhones, type TlsPhones } from '../tls/start-phones.ts';

/** Enough to keep the edge busy: the phones' own side of a handshake costs as much. */
const CONCURRENCY = 8;
const WARM_UP_SECONDS = 2;

interface HandshakeRun {
  readonly report: Report;
  readonly microseconds: number;
}

/** TLS handshakes, full and resumed: how many a second, and what each costs the edge. */
export async function measureTls(bench: Bench): Promise<Measured> {
  await using sides = await startSides(bench);
  await using phones = startTlsPhones();
  const { repeats, seconds } = bench.options;

  const figures: Figure[] = [];
  for (const resume of [false, true]) {
    const kind = resume ? 'resumed' : 'full';
    bench.tell(`TLS handshakes, ${kind}`);
    for (const side of sides.edges) await shake(phones, side, resume, WARM_UP_SECONDS);
    const runs = await inTurn(sides.edges, repeats, async (side) => {
      const run = await shake(phones, side, resume, seconds);
      complain(bench, side, resume, run.report);
      return run;
    });
    const figure = (label: string, unit: string, of: (run: HandshakeRun) => number): Figure => ({
      label: `${kind}, ${label}`,
      unit,
      values: Object.fromEntries(Object.entries(runs).map(([edge, list]) => [edge, list.map(of)])),
    });
    figures.push(
      figure('CPU', 'µs', ({ microseconds }) => microseconds),
      figure(
        'rate (the phones are one process)',
        'a second',
        ({ report }) => report.done / report.seconds,
      ),
    );
  }
  return { title: 'TLS handshakes (1.3, P-256)', method: inRuns(bench.options), figures };
}

async function shake(
  phones: TlsPhones,
  { edge }: Side,
  resume: boolean,
  seconds: number,
): Promise<HandshakeRun> {
  if (!edge) throw new Error('handshakes need an edge');
  const cpu = () => cpuSecondsOf(processTree(edge.pid));
  const before = cpu();
  const report = await phones.carryOut({
    do: 'handshakes',
    ...edge.tls,
    seconds,
    concurrency: CONCURRENCY,
    resume,
  });
  edge.assertAlive();
  return { report, microseconds: ((cpu() - before) / Math.max(1, report.done)) * 1e6 };
}

function complain(bench: Bench, side: Side, resume: boolean, report: Report): void {
  const { done, failed, resumed } = report;
  if (failed > 0) bench.warn(`${side.name}: ${failed} of ${done + failed} TLS handshakes failed`);
  const wrong = resume ? done - resumed : resumed;
  if (wrong > 0) {
    bench.warn(`${side.name}: ${wrong} of ${done} handshakes were ${resume ? 'not ' : ''}resumed`);
  }
}
