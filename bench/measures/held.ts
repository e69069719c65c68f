import { type Bench, type Side, startSides } from '../bench.ts';
import type { EdgeKind } from '../edges/edge.ts';
import { startClient } from '../load-generator.ts';
import type { Figure, Measured } from '../report.ts';
import { addressing } from '../run-load.ts';
import type { Order } from '../tls/orders.ts';
import { startTlsPhones } from '../tls/start-phones.ts';
import { memoryOfSide, SETTLE_SECONDS, settle } from './settle.ts';

const REGISTRATIONS = 100_000;
const CALLS = 20_000;
const CONNECTIONS = 5_000;
/** Slowly: what a rush leaves of free memory would count as held. */
const REGISTERS_PER_SECOND = 2_000;
const CALLS_PER_SECOND = 500;
/** Enough to have run every line, too little to leave free memory in which what is held could hide. */
const WARM_UP_UNITS = 500;

/** Connections leave no transactions behind that are worth waiting for. */
const CONNECTION_SETTLE_SECONDS = 15;

/** Puts something into an edge that was warmed up, and reads its memory while it is there. */
type Holding = (bench: Bench, side: Side, measure: () => Promise<void>) => Promise<number>;

interface Held {
  readonly label: string;
  readonly atMostBytes?: number;
  readonly settleSeconds: number;
  /** A little of the same work, leaving nothing behind. */
  readonly warmUp: (bench: Bench, side: Side) => Promise<void>;
  /** Resolves with how many are held. */
  readonly hold: Holding;
  readonly oursOnly?: true;
}

const all: readonly Held[] = [
  {
    label: `a registration over UDP, ${REGISTRATIONS.toLocaleString('en-US')} held`,
    atMostBytes: 2048,
    settleSeconds: SETTLE_SECONDS,
    async warmUp(bench, side) {
      await register(bench, side, WARM_UP_UNITS, 20);
    },
    async hold(bench, side, measure) {
      const held = await register(bench, side, REGISTRATIONS, REGISTRATIONS);
      await settle(bench, side);
      await measure();
      return held;
    },
    // Kamailio keeps none: its edge configuration adds Path and leaves registrations to the PBX.
    oursOnly: true,
  },
  {
    label: `a call, ${CALLS.toLocaleString('en-US')} held`,
    settleSeconds: SETTLE_SECONDS,
    async warmUp(bench, side) {
      const args = ['call', '--rate', String(CALLS_PER_SECOND), '--count', String(WARM_UP_UNITS)];
      await startClient(bench.generator, [...args, ...addressing(bench, side)]).result;
    },
    hold: holdCalls,
  },
  {
    label: `an idle TLS connection, ${CONNECTIONS.toLocaleString('en-US')} held`,
    atMostBytes: 50 * 1024,
    settleSeconds: CONNECTION_SETTLE_SECONDS,
    warmUp: shakeHands,
    hold: (bench, side, measure) => holdConnections(bench, side, false, measure),
  },
  {
    label: `a TLS connection with a registration, ${CONNECTIONS.toLocaleString('en-US')} held`,
    atMostBytes: 50 * 1024,
    settleSeconds: CONNECTION_SETTLE_SECONDS,
    warmUp: shakeHands,
    hold: (bench, side, measure) => holdConnections(bench, side, true, measure),
  },
];

/** What one registration, call or connection takes of an edge's memory, at most. */
export async function measureHeld(bench: Bench): Promise<Measured> {
  const figures: Figure[] = [];
  for (const held of all) {
    const values: Record<string, readonly number[]> = {};
    for (const kind of held.oursOnly ? bench.kinds.slice(0, 1) : bench.kinds) {
      bench.tell(`memory of ${held.label}: ${kind.name}`);
      values[kind.name] = [await bytesOfEach(bench, kind, held)];
    }
    const { label, atMostBytes } = held;
    figures.push({
      label,
      unit: 'bytes each',
      values,
      ...(atMostBytes !== undefined && { goal: { atMost: atMostBytes } }),
    });
  }
  const method = 'Once each, on a fresh process.';
  return { title: 'Memory (PSS), upper bounds', method, figures };
}

/**
 * On a fresh process, nearly cold: memory that earlier work left free would hide what is held. So the figure
 * is an upper bound: what the work of getting there left free counts as held.
 */
async function bytesOfEach(bench: Bench, kind: EdgeKind, held: Held): Promise<number> {
  await using sides = await startSides(bench, [kind]);
  const [side] = sides.edges;
  if (!side) throw new Error('no edge was started');
  await held.warmUp(bench, side);
  await settle(bench, side, held.settleSeconds);
  const before = memoryOfSide(side);
  let after = before;
  const count = await held.hold(bench, side, async () => {
    after = memoryOfSide(side);
  });
  bench.tell(
    `  ${count} held; PSS ${mebibytes(before.pss)} before, ${mebibytes(after.pss)} MiB with them` +
      ` (RSS ${mebibytes(before.rss)}, ${mebibytes(after.rss)})`,
  );
  return (after.pss - before.pss) / Math.max(1, count);
}

const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);

async function register(bench: Bench, side: Side, count: number, users: number): Promise<number> {
  const args = ['reg', '--rate', String(REGISTERS_PER_SECOND), '--count', String(count)];
  const all = [...args, ...addressing(bench, side, users)];
  const { done } = await startClient(bench.generator, all).result;
  if (done < count) bench.warn(`${side.name}: ${count - done} of ${count} REGISTERs failed`);
  return Math.min(done, users);
}

async function holdCalls(bench: Bench, side: Side, measure: () => Promise<void>): Promise<number> {
  let held = 0;
  let measured: Promise<void> | undefined;
  const open = ['dialog', '--calls', String(CALLS), '--open-rate', String(CALLS_PER_SECOND)];
  const args = [...open, '--seconds', String(SETTLE_SECONDS + 10)];
  const client = startClient(bench.generator, [...args, ...addressing(bench, side)], (event) => {
    if (event.event !== 'held') return;
    held = event.calls;
    measured = settle(bench, side).then(measure);
  });
  await client.result;
  await measured;
  if (held < CALLS) bench.warn(`${side.name}: ${CALLS - held} of ${CALLS} calls failed`);
  return held;
}

async function shakeHands(_bench: Bench, { edge }: Side): Promise<void> {
  if (!edge) return;
  await using phones = startTlsPhones();
  await phones.carryOut({
    do: 'handshakes',
    ...edge.tls,
    seconds: 0.3,
    concurrency: 4,
    resume: false,
  });
}

async function holdConnections(
  bench: Bench,
  side: Side,
  register: boolean,
  measure: () => Promise<void>,
): Promise<number> {
  if (!side.edge) return 0;
  await using phones = startTlsPhones();
  const order: Order = {
    do: 'hold',
    ...side.edge.tls,
    connections: CONNECTIONS,
    concurrency: 32,
    register,
  };
  const { done, failed } = await phones.carryOut(order);
  if (failed > 0) bench.warn(`${side.name}: ${failed} of ${CONNECTIONS} TLS connections failed`);
  await settle(bench, side, CONNECTION_SETTLE_SECONDS);
  await measure();
  await phones.carryOut({ do: 'release' });
  return done;
}
