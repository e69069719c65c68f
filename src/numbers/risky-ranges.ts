import { EMPTY_PREFIX, longerPrefix, prefixNumber } from './prefix-number.ts';

/** What is known against a range of numbers. */
export const riskKinds = [
  'premium',
  'revenue-share',
  'call-back-bait',
  'satellite',
  'international-network',
] as const;
export type RiskKind = (typeof riskKinds)[number];

/** One line of a list of high-risk numbers. */
export interface RiskyRange {
  /** The digits after `+` that its numbers begin with. */
  readonly prefix: string;
  /** Several ranges may have one name. */
  readonly name: string;
  readonly kind: RiskKind;
  /** Where the entry comes from. */
  readonly source: string;
  /** The day someone last looked, `2026-11-29`. */
  readonly seen: string;
}

/** A line that could not be read. */
export interface RiskyRangeProblem {
  readonly line: number;
  readonly text: string;
}

const columns = ['prefix', 'name', 'kind', 'source', 'seen'] as const;

/** Reads `prefix,name,kind,source,seen` lines; blank ones, `#` comments and the heading are passed over. */
export function parseRiskyRanges(text: string): {
  readonly ranges: readonly RiskyRange[];
  readonly problems: readonly RiskyRangeProblem[];
} {
  const ranges: RiskyRange[] = [];
  const problems: RiskyRangeProblem[] = [];
  const seenAt = new Map<string, number>();
  text.split(/\r?\n/).forEach((row, index) => {
    const line = index + 1;
    if (row.trim() === '' || row.startsWith('#') || row.trim() === columns.join(',')) return;
    const parsed = parseRow(row);
    if (typeof parsed === 'string') {
      problems.push({ line, text: parsed });
      return;
    }
    const key = `${parsed.prefix} ${parsed.name}`;
    const before = seenAt.get(key);
    if (before !== undefined) {
      problems.push({
        line,
        text: `found ${key} again, expected it once: it stands in line ${before}`,
      });
      return;
    }
    seenAt.set(key, line);
    ranges.push(parsed);
  });
  return { ranges, problems };
}

/** Finds the names of all ranges that digits after `+` are in, in the order of the list's prefixes. */
export function compileRiskyRanges(
  ranges: readonly RiskyRange[],
): (digits: string) => readonly string[] {
  const byPrefix = new Map<number, readonly string[]>();
  for (const { prefix, name } of ranges) {
    const number = prefixNumber(prefix);
    byPrefix.set(number, [...(byPrefix.get(number) ?? []), name]);
  }
  const longest = ranges.reduce((most, { prefix }) => Math.max(most, prefix.length), 0);
  return (digits) => {
    let found: readonly string[] = none;
    let number = EMPTY_PREFIX;
    for (let at = 0; at < digits.length && at < longest; at++) {
      number = longerPrefix(number, digits, at);
      const names = byPrefix.get(number);
      if (names) found = found === none ? names : [...new Set([...found, ...names])];
    }
    return found;
  };
}

const none: readonly string[] = Object.freeze([]);

function parseRow(row: string): RiskyRange | string {
  const fields = splitFields(row);
  if (fields === undefined) return 'found a quote that is not closed, expected one more "';
  const [prefix = '', name = '', kind = '', source = '', seen = ''] = fields;
  if (fields.length !== columns.length) {
    return `found ${fields.length} fields, expected ${columns.length}: ${columns.join(',')}`;
  }
  if (!/^\+?[1-9]\d{0,14}$/.test(prefix)) {
    return `prefix: found ${show(prefix)}, expected + and the digits of an international number`;
  }
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || name.length > 64) {
    return `name: found ${show(name)}, expected lower-case words joined by -, 64 characters at most`;
  }
  if (!isRiskKind(kind)) {
    return `kind: found ${show(kind)}, expected one of ${riskKinds.join(', ')}`;
  }
  if (source === '') return 'source: found nothing, expected where the entry comes from';
  if (!isDay(seen)) return `seen: found ${show(seen)}, expected a day like 2026-11-29`;
  return { prefix: prefix.replace('+', ''), name, kind, source, seen };
}

/** The fields of one CSV line, with "quotes around commas" and "" for a quote. */
function splitFields(row: string): string[] | undefined {
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let at = 0; at < row.length; at++) {
    const char = row.charAt(at);
    if (char === '"') {
      if (quoted && row.charAt(at + 1) === '"') {
        field += '"';
        at++;
      } else quoted = !quoted;
    } else if (char === ',' && !quoted) {
      fields.push(field.trim());
      field = '';
    } else field += char;
  }
  return quoted ? undefined : [...fields, field.trim()];
}

function isRiskKind(text: string): text is RiskKind {
  return (riskKinds as readonly string[]).includes(text);
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

function show(text: string): string {
  if (text === '') return 'nothing';
  const clean = text.replace(/\p{Cc}/gu, '?');
  return `'${clean.length > 40 ? `${clean.slice(0, 37)}...` : clean}'`;
}
