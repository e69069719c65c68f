import {
  Gauge,
  type MetricObjectWithValues,
  type MetricType,
  type MetricValueWithName,
  Registry,
} from 'prom-client';
import { type Durations, durationClasses } from '../../data/durations.ts';
import { catalogue } from './catalogue.ts';
import type { Labels, Metric } from './metric.ts';
import type { MetricSources } from './sources.ts';

/** The catalogue, as Prometheus scrapes it. */
export function openMetrics(from: MetricSources): Registry {
  const registry = new Registry();
  for (const { metrics } of catalogue)
    for (const metric of metrics) registry.registerMetric(new ReadMetric(metric, from));
  return registry;
}

type Value = MetricValueWithName<string>;

/** Read at each scrape. prom-client's own keep values, and show 0 where nothing is known. */
class ReadMetric extends Gauge {
  readonly #metric: Metric;
  readonly #from: MetricSources;

  constructor(metric: Metric, from: MetricSources) {
    const { name, help, labels } = metric;
    super({ name, help, labelNames: Object.keys(labels), registers: [] });
    this.#metric = metric;
    this.#from = from;
  }

  override async get(): Promise<MetricObjectWithValues<Value>> {
    const metric = this.#metric;
    const values =
      metric.type === 'histogram'
        ? metric
            .read(this.#from)
            .flatMap(([durations, labels]) => linesOf(metric.name, durations, labels))
        : metric.read(this.#from).flatMap(([value, labels]) => line(metric.name, value, labels));
    // what is declared as a number is the word that is printed
    const type = metric.type as unknown as MetricType;
    return { ...(await super.get()), type, values };
  }
}

const line = (metricName: string, value: number | undefined, labels: Labels): Value[] =>
  value === undefined ? [] : [{ metricName, value, labels: { ...labels } }];

/** Each bucket of Prometheus has what the lower ones have, too. */
function linesOf(name: string, durations: Durations | undefined, labels: Labels): Value[] {
  if (durations === undefined) return [];
  let count = 0;
  const buckets = durations.counts.flatMap((more, at) => {
    count += more;
    const le = String(durationClasses[at] ?? '+Inf');
    return line(`${name}_bucket`, count, { ...labels, le });
  });
  return [
    ...buckets,
    ...line(`${name}_sum`, durations.sum, labels),
    ...line(`${name}_count`, count, labels),
  ];
}
