import { median, significant, withRange } from './statistics.ts';

/** One thing that was measured, of each edge as often as it was repeated. */
export interface Figure {
  readonly group: string;
  readonly label: string;
  readonly unit: string;
  /** By edge; the first is the one that is compared with the others. */
  readonly values: Readonly<Record<string, readonly number[]>>;
  /** What the first edge's median must not exceed: so many times the second's, or so much by itself. */
  readonly goal?: Goal;
}

export type Goal = { readonly timesOther: number } | { readonly atMost: number };

export interface Report {
  readonly edges: readonly string[];
  readonly figures: readonly Figure[];
  /** What a reader must know before believing the figures: failed calls, drops, a busy machine. */
  readonly warnings: readonly string[];
}

/** The medians of the first edge divided by those of the second; NaN without a second. */
export function ratioOf({ values }: Figure): number {
  const [first = [], second = []] = Object.values(values);
  return median(first) / median(second);
}

/** Undefined when there is no goal, or nothing to compare with. */
export function goalMet(figure: Figure): boolean | undefined {
  const { goal, values } = figure;
  if (!goal) return undefined;
  const measured = median(Object.values(values)[0] ?? []);
  const [actual, limit] =
    'atMost' in goal ? [measured, goal.atMost] : [ratioOf(figure), goal.timesOther];
  return Number.isNaN(actual) ? undefined : actual <= limit;
}

/** One Markdown table per group; readable on a terminal as it is. */
export function formatReport({ edges, figures, warnings }: Report): string {
  const groups = [...new Set(figures.map(({ group }) => group))];
  const compared = edges.length > 1;
  const header = ['', ...edges, ...(compared ? ['ratio'] : []), 'goal'];
  const tables = groups.map((group) => {
    const rows = figures
      .filter((figure) => figure.group === group)
      .map((figure) => rowOf(figure, edges, compared));
    return `## ${group}\n\n${table([header, ...rows])}`;
  });
  const notes = warnings.map((warning) => `- ${warning}`);
  if (notes.length > 0) tables.push(`## To be read with care\n\n${notes.join('\n')}`);
  return `${tables.join('\n\n')}\n`;
}

function rowOf(figure: Figure, edges: readonly string[], compared: boolean): readonly string[] {
  const { label, unit, values } = figure;
  const measured = edges.map((edge) => (values[edge] ? withRange(values[edge]) : '–'));
  const ratio = compared ? [significant(ratioOf(figure))] : [];
  return [`${label}, ${unit}`, ...measured, ...ratio, goalText(figure)];
}

function goalText(figure: Figure): string {
  const { goal } = figure;
  if (!goal) return '';
  const limit = 'atMost' in goal ? `≤ ${significant(goal.atMost)}` : `≤ ${goal.timesOther} times`;
  const met = goalMet(figure);
  return met === undefined ? limit : `${limit}: ${met ? 'met' : 'MISSED'}`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [header = [], ...body] = rows;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return [line(header), rule, ...body.map(line)].join('\n');
}
