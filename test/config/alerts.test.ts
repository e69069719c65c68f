import { describe, expect, test } from 'vitest';
import { attackKinds } from '../../src/edge/attack-watch.ts';
import {
  alerts,
  dashboards,
  namedIn,
  prometheusFiles,
  textOf,
} from '../support/monitoring-files.ts';
import { promtool } from '../support/prometheus.ts';

const at = (file: string): string => `${prometheusFiles}/${file}`;

test('promtool takes the configuration and the rules, and would not take others', () => {
  expect(promtool(['check', 'config', at('prometheus.yml')]).said).toMatch(
    /SUCCESS: \d+ rules found/,
  );
  expect(promtool(['check', 'rules', at('prometheus.yml')]).content).toBe(false);
});

test('each alert fires when it should, and no other with it', () => {
  const { content, said } = promtool(['test', 'rules', at('alerts.test.yml')]);
  expect(content, said).toBe(true);
}, 60_000);

describe('each alert', () => {
  test('is seen firing in a test', () => {
    const tests = textOf('prometheus/alerts.test.yml');
    expect(alerts.filter(({ alert }) => !new RegExp(`\\b${alert}\\b`).test(tests))).toEqual([]);
  });

  test('says what it is and whom it wakes, and has its section of the runbook, which says the same; there are no others', () => {
    const sections = [...textOf('docs/runbook.md').matchAll(/^## (\w+)\n\n\*\*(\w+)\.\*\* \S/gm)];
    const written = sections.map(([, name, severity = '']) => `${name} ${severity.toLowerCase()}`);
    expect(written).toEqual(alerts.map(({ alert, labels }) => `${alert} ${labels.severity}`));
    expect(textOf('docs/runbook.md').match(/^## /gm)).toHaveLength(alerts.length);
    for (const { alert, annotations } of alerts) {
      expect(annotations.runbook).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
      expect(annotations.summary).toMatch(/\{\{ \$labels\.instance \}\}|^Nodes that share/);
    }
  });
});

test.each(attackKinds)('an attack of the kind %s is one ticket', (kind) => {
  expect(alerts.filter(({ expr }) => new RegExp(`["|]${kind}["|]`).test(expr))).toHaveLength(1);
});

describe.each(dashboards)('the dashboard $title', ({ file, uid, panels }) => {
  test('is found by the name of its file, and its panels lie side by side', () => {
    expect(uid).toBe(file);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const one of panels)
      for (const other of panels)
        if (one !== other)
          expect(overlap(one.gridPos, other.gridPos), `${one.title}, ${other.title}`).toBe(false);
  });
});

type Place = (typeof dashboards)[number]['panels'][number]['gridPos'];
const overlap = (one: Place, other: Place): boolean =>
  one.x < other.x + other.w &&
  other.x < one.x + one.w &&
  one.y < other.y + other.h &&
  other.y < one.y + one.h;

test.each([
  ['up == 0', ['up'], []],
  [
    'sum by (a, b) (rate(m_total{c="x{y}", d!~"z"}[5m])) > 0.5 * n offset 30m',
    ['m_total', 'n'],
    ['a', 'b', 'c', 'd'],
  ],
  [
    'a / on (instance) group_left (v) b and c:d unless time() - e > 1e5',
    ['a', 'b', 'c:d', 'e'],
    ['instance', 'v'],
  ],
])('what %s names is found', (expression, metrics, labels) => {
  expect(namedIn(expression)).toEqual({ metrics, labels });
});
