import { z } from 'zod';
import type { WrittenIssue } from '../policy/written.ts';
import { nearMiss } from './near-miss.ts';
import { hideInUrl, showFound } from './problem.ts';
import { bare, keysOf, knownKeys, wordsOf } from './schema-keys.ts';
import { homeOf } from './settings-files.ts';

/** A value that does not fit. */
interface Misfit {
  readonly value: unknown;
  /** As the file has it, where that is another thing. */
  readonly written: string | undefined;
  readonly schema: unknown;
  readonly key: string;
}

/** What the operator probably wanted to write. */
export function whatWasMeant({ value, written, schema: whole, key }: Misfit): string | undefined {
  const schema = bare(whole);
  switch (typeof value) {
    case 'number':
      if (schema instanceof z.ZodArray) return listMeant(String(value), schema);
      return schema instanceof z.ZodString ? textMeant(written ?? `${value}`, whole) : undefined;
    case 'boolean':
      return wordsOf(schema).find((word) => word === (value ? 'on' : 'off'));
    case 'string':
      if (schema instanceof z.ZodArray) return listMeant(value, schema);
      return (
        otherWord(value, schema) ??
        nearMiss(value, wordsOf(schema)) ??
        numberMeant(value, key, schema) ??
        blockMeant(value, schema)
      );
    default:
      if (schema instanceof z.ZodString) return textOfYaml(value);
      if (value !== null) return undefined;
      return schema instanceof z.ZodArray ? '[]' : takesBlock(schema) ? '{}' : undefined;
  }
}

/** Words for the same thing that other programs use. */
const synonyms: readonly (readonly string[])[] = [
  ['on', 'true', 'yes', 'enabled', 'enable', 'active'],
  ['off', 'false', 'no', 'disabled', 'disable', 'none'],
  ['shadow', 'monitor', 'dry-run', 'log', 'test'],
  ['accept', 'allow', 'permit', 'pass'],
  ['drop', 'deny', 'block', 'reject'],
  ['refuse', 'deny', 'block', 'reject', 'drop'],
  ['access', 'internet', 'public', 'outside', 'wan'],
  ['debug', 'verbose'],
  ['warn', 'warning'],
];

function otherWord(text: string, schema: unknown): string | undefined {
  const words = schema instanceof z.ZodBoolean ? ['true', 'false'] : wordsOf(schema);
  const word = text.toLowerCase();
  const meant = synonyms.filter((group) => group.includes(word)).flat();
  return words.find((one) => meant.includes(one));
}

/** A text that YAML took for something else: `[::1]` for a list of one, `fe80::` for a key without a value. */
function textOfYaml(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const [[key, inner] = [], ...more] = Object.entries(value);
  if (key === undefined || more.length > 0) return undefined;
  if (Array.isArray(value))
    return typeof inner === 'string' ? `${hideInUrl(inner)}, without [ ]` : undefined;
  return inner === null ? `"${hideInUrl(key)}:", in quotes` : undefined;
}

const takesBlock = (schema: unknown): boolean =>
  schema instanceof z.ZodObject || schema instanceof z.ZodRecord;

/** What a form of its own says of a text, besides what it expected. */
export function hintOf(
  issue: z.core.$ZodIssue,
  value: unknown,
): { readonly amiss?: string | undefined; readonly meant?: string | undefined } {
  if (issue.code !== 'custom' || issue.params === undefined) return {};
  const { amiss, hint }: WrittenIssue = issue.params;
  if (hint === undefined) return { amiss };
  return { amiss, meant: 'meant' in hint ? hint.meant : nearMiss(String(value), hint.among) };
}

/** A number where a text belongs. */
function textMeant(text: string, schema: unknown): string | undefined {
  if (!(schema instanceof z.ZodType)) return undefined;
  const [issue] = schema.safeParse(text).error?.issues ?? [];
  return issue === undefined ? `"${text}", in quotes` : hintOf(issue, text).meant;
}

/** One entry, or several in a row, where a list belongs. */
function listMeant(text: string, { element }: z.ZodArray): string | undefined {
  // "mon-fri 08:00-18:00" is one entry, for all its blank.
  const isOne = element instanceof z.ZodType && /\s/.test(text) && element.safeParse(text).success;
  if (!isOne && !/^[\w./:+*-]+(?:[ ,]+[\w./:+*-]+)*$/.test(text)) return undefined;
  const words = isOne ? [text] : text.split(/[ ,]+/);
  return `[${words.map(hideInUrl).join(', ')}], a list${words.length === 1 ? ' of one' : ''}`;
}

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `"403"`, `14,400`, and `1h` for a key that counts milliseconds, seconds, minutes, hours or days. */
function numberMeant(text: string, key: string, schema: unknown): string | undefined {
  const takes = (number: number): boolean =>
    (schema instanceof z.ZodNumber || schema instanceof z.ZodUnion) &&
    schema.safeParse(number).success;
  if (text.trim() !== '' && takes(Number(text))) return `${Number(text)} without quotes`;
  if (/^\d{1,3}(?:[,_']\d{3})+$/.test(text)) {
    const whole = Number(text.replaceAll(/\D/g, ''));
    return takes(whole) ? String(whole) : undefined;
  }
  const [, count, unit = ''] =
    /^(\d+(?:\.\d+)?) ?(ms|s|sec|m|min|h|d|(?:second|minute|hour|day)s?)$/i.exec(text) ?? [];
  const [, own = ''] = /(Ms|s(?=econds$)|m(?=inutes$)|h(?=ours$)|d(?=ays$))/i.exec(key) ?? [];
  const short = unit.length > 3 ? unit.charAt(0) : unit;
  const inUnit =
    (Number(count) * (unitMs[short.toLowerCase()] ?? Number.NaN)) /
    (unitMs[own.toLowerCase()] ?? Number.NaN);
  return takes(inUnit) ? String(inUnit) : undefined;
}

/** `everySeconds:5` is one text for YAML; and a rule is not switched off by a word alone. */
function blockMeant(value: string, schema: unknown): string | undefined {
  if (!(schema instanceof z.ZodObject)) return undefined;
  if (wordsOf(schema.shape.mode).includes(value)) return `{ mode: ${value} }`;
  const [, key, rest] = /^([\w-]+):(\S.*)$/s.exec(value) ?? [];
  return key !== undefined && keysOf(schema).includes(key)
    ? `${key}: ${showFound(rest).slice(1, -1)}, with a space`
    : undefined;
}

/** What was meant by a block, without anything that may be a secret: an empty one, or a key and the space behind it. */
export function keyMeant(value: unknown, whole: unknown): string | undefined {
  if (value === null) return whatWasMeant({ value, written: undefined, schema: whole, key: '' });
  const [, key] = (typeof value === 'string' && /^([\w-]+):\S/.exec(value)) || [];
  return key !== undefined && keysOf(whole).includes(key) ? `${key}: …, with a space` : undefined;
}

/** The one place where a key of this name would stand. */
export function belongsTo(key: string): string | undefined {
  const places = knownKeys()
    .map((known) => known.key.split('.'))
    .filter((steps) => steps.includes(key))
    .map((steps) => steps.slice(0, steps.indexOf(key) + 1).join('.'));
  const [place, ...others] = new Set(places);
  const home = homeOf(place?.split('.')[0] ?? '');
  if (place === undefined || home === undefined || others.length > 0) return undefined;
  return `${place}, in ${home.folder}/${home.name}`;
}
