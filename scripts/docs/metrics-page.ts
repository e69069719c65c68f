import { catalogue } from '../../src/control/metrics/catalogue.ts';
import type { Metric } from '../../src/control/metrics/metric.ts';

/** docs/metrics.md: every metric there is. */
export const metricsPage = (): string => `# Metrics

All that Prometheus finds on \`http://127.0.0.1:9464/metrics\`, or wherever \`http\` in [routes/gate.yaml](../routes/gate.yaml) says.
Counters count since the start of the process. [prometheus/](../prometheus) has a configuration for Prometheus with alert rules, explained
in [runbook.md](runbook.md); [grafana/](../grafana) has dashboards and the files by which Grafana finds them. Made from the code by
\`node scripts/write-docs.ts\`.

No label takes a value from the network: what strangers send adds no series. So there is nothing here by source, number or
caller; \`drawbridge events\` and \`drawbridge blocks\` have that. Single extensions have metrics only where they stand in
[policies/extensions.yaml](../policies/extensions.yaml) and have \`metrics: true\`, themselves or by their group.

${catalogue.map(({ title, metrics: some }) => `## ${title}\n\n${some.map(entry).join('\n')}`).join('\n\n')}
`;

const entry = ({ name, type, help, labels }: Metric): string =>
  [`- \`${name}\` (${type}): ${help}.`, ...Object.entries(labels).map(labelOf)].join('\n');

const labelOf = ([label, values]: [string, string]): string => `  - \`${label}\`: ${values}`;
