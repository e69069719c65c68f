import type { Durations } from '../../data/durations.ts';
import type { MetricSources } from './sources.ts';

/** What each label may say: one of a closed set, or a name from the operator's own files. */
export type Labels<L extends string = string> = Readonly<Record<L, string>>;

/** A value, and the labels that it is for. One that nobody knows is not shown. */
export type Row<Value, L extends string = string> = readonly [Value | undefined, Labels<L>];

interface Described {
  /** With the prefix of all. */
  readonly name: string;
  readonly help: string;
  readonly labels: Labels;
}

export interface CountMetric extends Described {
  readonly type: 'counter' | 'gauge';
  read(from: MetricSources): readonly Row<number>[];
}

export interface DurationMetric extends Described {
  readonly type: 'histogram';
  read(from: MetricSources): readonly Row<Durations>[];
}

export type Metric = CountMetric | DurationMetric;

export interface Section {
  readonly title: string;
  readonly metrics: readonly Metric[];
}

const PREFIX = 'drawbridge_';
const nothing: readonly Row<never>[] = [];

/** Metrics that are read from one place; as long as it has nothing to say they show nothing. */
export function metricsOf<Source>(pick: (from: MetricSources) => Source | undefined) {
  const reading =
    <Value>(rows: (source: Source) => readonly Row<Value>[]) =>
    (from: MetricSources): readonly Row<Value>[] => {
      const source = pick(from);
      return source === undefined ? nothing : rows(source);
    };
  const one =
    (type: CountMetric['type']) =>
    (name: string, help: string, read: (source: Source) => number | undefined): Metric => ({
      type,
      name: PREFIX + name,
      help,
      labels: {},
      read: reading((source) => [[read(source), {}]]),
    });
  const several =
    (type: CountMetric['type']) =>
    <L extends string>(
      name: string,
      help: string,
      labels: Labels<L>,
      read: (source: Source) => readonly Row<number, L>[],
    ): Metric => ({ type, name: PREFIX + name, help, labels, read: reading(read) });

  return {
    /** How it is now, in one number; in several, told apart by labels. */
    gauge: one('gauge'),
    gauges: several('gauge'),
    /** What was counted since the start, as it stands. */
    counter: one('counter'),
    counters: several('counter'),
    /** How often something lasted how long, in seconds. */
    durations: <L extends string>(
      name: string,
      help: string,
      labels: Labels<L>,
      read: (source: Source) => readonly Row<Durations, L>[],
    ): Metric => ({ type: 'histogram', name: PREFIX + name, help, labels, read: reading(read) }),
  };
}

/** A row for each key, under that label. */
export const by = <L extends string, Value>(
  label: L,
  values: Readonly<Partial<Record<string, Value>>>,
): readonly Row<Value, L>[] =>
  Object.entries(values).map(([key, value]) => [value, { [label]: key } as Labels<L>]);

/** A row for each of these, under its name. */
export const byName = <L extends string, One extends { readonly name: string }>(
  label: L,
  all: readonly One[],
  value: (one: One) => number | undefined,
): readonly Row<number, L>[] => all.map((one) => [value(one), { [label]: one.name } as Labels<L>]);

/** A row for each key and each key of what stands there. */
export const byBoth = <L extends string, M extends string, Value>(
  label: L,
  inner: M,
  values: Readonly<Partial<Record<string, Readonly<Partial<Record<string, Value>>>>>>,
): readonly Row<Value, L | M>[] =>
  Object.entries(values).flatMap(([key, row]) =>
    by(inner, row ?? {}).map(
      ([value, labels]): Row<Value, L | M> => [value, { [label]: key, ...labels } as Labels<L | M>],
    ),
  );
