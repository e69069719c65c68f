import { setTimeout as sleep } from 'node:timers/promises';
import type { Edge, EdgeKind, Endpoint } from './edges/edge.ts';
import { startUas, type Uas } from './load-generator.ts';
import type { Options } from './options.ts';

/** What every measure works with. */
export interface Bench {
  readonly options: Options;
  /** The compiled load generator. */
  readonly generator: string;
  /** What is measured; the first is ours. */
  readonly kinds: readonly EdgeKind[];
  /** Where the phones' ports begin, one more than PHONE_SOCKETS: they keep them from run to run. */
  readonly phones: Endpoint;
  /** Says what goes on. */
  readonly tell: (text: string) => void;
  /** Keeps what a reader of the figures must know. */
  readonly warn: (text: string) => void;
}

export const PHONE_SOCKETS = 8;

/** An edge and the PBX behind it; or the PBX alone, which says what the load generator sees without any edge. */
export interface Side {
  readonly name: string;
  readonly to: Endpoint;
  readonly edge: Edge | undefined;
  readonly uas: Uas;
}

/** Edges of every kind, each with a PBX of its own, and the PBX alone if asked for. Stopped on disposal. */
export interface Sides extends AsyncDisposable {
  readonly edges: readonly Side[];
  readonly direct: Side;
}

export async function startSides(bench: Bench, kinds = bench.kinds): Promise<Sides> {
  const started = new AsyncDisposableStack();
  try {
    const pbx = async () => {
      const uas = await startUas(bench.generator);
      started.defer(() => uas.stop());
      return { uas, at: { host: '127.0.0.1', port: uas.port } };
    };
    const edges: Side[] = [];
    for (const kind of kinds) {
      const { uas, at } = await pbx();
      const edge = await kind.start(at);
      started.defer(() => edge.stop());
      edges.push({ name: kind.name, to: edge.udp, edge, uas });
    }
    const { uas, at } = await pbx();
    const direct = { name: 'direct', to: at, edge: undefined, uas };
    return { edges, direct, [Symbol.asyncDispose]: () => started.disposeAsync() };
  } catch (problem) {
    await started.disposeAsync();
    throw problem;
  }
}

/** Runs once on each side, then again: what changes on the machine meanwhile meets all of them. */
export async function inTurn<T>(
  sides: readonly Side[],
  repeats: number,
  run: (side: Side) => Promise<T>,
): Promise<Record<string, readonly T[]>> {
  const results: Record<string, T[]> = {};
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const side of sides) {
      const soFar = results[side.name] ?? [];
      results[side.name] = [...soFar, await run(side)];
      await sleep(PAUSE_MS);
    }
  }
  return results;
}

/** Between two runs, for what the last one left to calm down. */
const PAUSE_MS = 1500;
