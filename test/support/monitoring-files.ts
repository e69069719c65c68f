import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../../', import.meta.url));

export const prometheusFiles = `${root}prometheus`;
export const textOf = (file: string): string => readFileSync(`${root}${file}`, 'utf8');

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly Alert[] }[];
}

/** As prometheus/alerts.yml has them. */
export const alerts: readonly Alert[] = (
  parse(textOf('prometheus/alerts.yml')) as RuleFile
).groups.flatMap(({ rules }) => rules);

export interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly { readonly expr: string }[];
}

export interface Dashboard {
  readonly file: string;
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly definition?: string }[];
  };
}

/** Those of grafana/dashboards. */
export const dashboards: readonly Dashboard[] = globSync('grafana/dashboards/*.json', { cwd: root })
  .toSorted()
  .map((file) => ({ ...(JSON.parse(textOf(file)) as Dashboard), file: basename(file, '.json') }));

/** All that a dashboard asks Prometheus, as Grafana would. */
export const questionsOf = ({ panels, annotations, templating }: Dashboard): readonly string[] =>
  [
    ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...annotations.list.map(({ expr }) => expr),
    ...templating.list.flatMap(({ definition }) => definition?.match(/\((.*),/)?.[1] ?? []),
  ].map((expr) => expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$\w+/g, '.*'));

const words = new Set(['and', 'or', 'unless', 'offset', 'bool', 'inf', 'nan']);
const names = /(?<![\w.])([a-zA-Z_:][\w:]*)\s*(\(?)/g;
const grouping = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;

/** The metrics that an expression of PromQL names, and the labels. */
export function namedIn(expression: string): {
  readonly metrics: readonly string[];
  readonly labels: readonly string[];
} {
  const plain = expression.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  const grouped = [...plain.matchAll(grouping)].flatMap(([, labels = '']) => labels.split(','));
  const matched = [...plain.matchAll(/([\w]+)\s*(?:=~|!~|!=|=)\s*""/g)].map(
    ([, label = '']) => label,
  );
  const bare = plain.replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, '').replaceAll(grouping, '');
  const metrics = [...bare.matchAll(names)].flatMap(([, name = '', call]) =>
    call === '' && !words.has(name.toLowerCase()) ? [name] : [],
  );
  const labels = [...grouped, ...matched]
    .map((label) => label.trim())
    .filter((label) => label !== '');
  return { metrics, labels };
}
