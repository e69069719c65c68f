import { z } from 'zod';
import type { WrittenIssue } from '../policy/written.ts';
import { nearMiss } from './near-miss.ts';
import { showFound } from './problem.ts';
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
      return schema instanceof z.ZodString ? textMeant(written ?? `${value}`, whole) : undefined;
    case 'boolean':
      return wordsOf(schema).find((word) => word === (value ? 'on' : 'off'));
    case 'string':
      if (schema instanceof z.ZodArray) return listMeant(value);
      return (
        nearMiss(value, wordsOf(schema)) ??
        (schema instanceof z.ZodBoolean ? booleans[value.toLowerCase()] : undefined) ??
        numberMeant(value, key, schema) ??
        blockMeant(value, schema)
      );
    default:
      return value === null && takesBlock(schema) ? '{}' : undefined;
  }
}

const booleans: Readonly<Record<string, string>> = {
  yes: 'true',
  on: 'true',
  no: 'false',
  off: 'false',
};

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
function listMeant(text: string): string | undefined {
  if (!/^[\w./:+*-]+(?:[ ,]+[\w./:+*-]+)*$/.test(text)) return undefined;
  const words = text.split(/[ ,]+/);
  return `[${words.join(', ')}], a list${words.length === 1 ? ' of one' : ''}`;
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `"403"`, and `1h` for a key that counts seconds, minutes, hours or days. */
function numberMeant(text: string, key: string, schema: unknown): string | undefined {
  const takes = (number: number): boolean =>
    (schema instanceof z.ZodNumber || schema instanceof z.ZodUnion) &&
    schema.safeParse(number).success;
  if (text.trim() !== '' && takes(Number(text))) return `${Number(text)} without quotes`;
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?) ?([smhd])/i.exec(text) ?? [];
  const [, own = ''] = /(S|M|H|D)(?:econds|inutes|ours|ays)$/.exec(key) ?? [];
  const inUnit =
    (Number(count) * (unitSeconds[unit.toLowerCase()] ?? Number.NaN)) /
    (unitSeconds[own.toLowerCase()] ?? Number.NaN);
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
