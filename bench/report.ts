import { median, significant, withRange } from './statistics.ts';

/** One thing that was measured, of each edge as often as it was repeated. */
export interface Figure {
  readonly label: string;
  readonly unit: string;
  /** By edge; the first is the one that is compared with the others. */
  readonly values: Readonly<Record<string, readonly number[]>>;
  /** What the first edge's median must not exceed: so many times that of the edge named, or so much by itself. */
  readonly goal?: Goal;
}

export type Goal = { readonly times: number; readonly of: string } | { readonly atMost: number };

/** What one measure found. */
export interface Measured {
  readonly title: string;
  /** How often and for how long: sentences. */
  readonly method: string;
  readonly figures: readonly Figure[];
}

export interface Report extends Omit<Measured, 'method'> {
  readonly edges: readonly string[];
  /** When, on what and how it was measured. */
  readonly how: string;
  /** What a reader must know before believing the figures: failed calls, drops, a busy machine. */
  readonly warnings: readonly string[];
}

/** A part of a results file. Parts with one title are of the same edges, and the later one counts. */
export interface Section {
  readonly title: string;
  readonly text: string;
}

/** The medians of the first edge divided by those of the second; NaN without a second. */
export function ratioOf({ values }: Figure): number {
  const [first = [], second = []] = Object.values(values);
  return median(first) / median(second);
}

/** Undefined when there is no goal, or nothing to compare with. */
export function goalMet({ goal, values }: Figure): boolean | undefined {
  if (!goal) return undefined;
  const measured = median(Object.values(values)[0] ?? []);
  const limit = 'atMost' in goal ? goal.atMost : goal.times * median(values[goal.of] ?? []);
  return Number.isNaN(measured) || Number.isNaN(limit) ? undefined : measured <= limit;
}

/** A heading and a Markdown table; readable on a terminal as it is. */
export function formatReport({ title, edges, how, figures, warnings }: Report): Section {
  const compared = edges.length > 1;
  const header = ['', ...edges, ...(compared ? ['ratio'] : []), 'goal'];
  const rows = figures.map((figure) => rowOf(figure, edges, compared));
  const parts = [how, table([header, ...rows])];
  if (warnings.length > 0) {
    const notes = warnings.map((warning) => `- ${warning}`);
    parts.push(`To be read with care:\n\n${notes.join('\n')}`);
  }
  const [, ...beside] = edges;
  return {
    title: beside.length > 0 ? `${title}, beside ${beside.join(' and ')}` : title,
    text: parts.join('\n\n'),
  };
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
  const limit =
    'atMost' in goal ? `≤ ${significant(goal.atMost)}` : `≤ ${goal.times} times ${goal.of}`;
  const met = goalMet(figure);
  return met === undefined ? limit : `${limit}: ${met ? 'met' : 'MISSED'}`;
}

/** A Markdown table; the first row is its heading. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [header = [], ...body] = rows;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return [line(header), rule, ...body.map(line)].join('\n');
}
