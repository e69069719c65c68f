import { z } from 'zod';
import type { WrittenIssue } from '../policy/written.ts';
import { nearMiss } from './near-miss.ts';
import { mismatch, showFound } from './problem.ts';
import { bare, isSecret, keysAt, type Path, schemaAt, wordsAt } from './schema-keys.ts';

/** What is wrong at one path, in the operator's words. */
export interface Explained {
  readonly path: Path;
  /** Set when the key itself is unknown: it then is the last step of `path`. */
  readonly unknownKey: boolean;
  readonly text: string;
}

type Issue = z.core.$ZodIssue;

/** Puts an issue of the schema into `found X, expected Y (did you mean Z?)`. */
export function explainIssue(issue: Issue, tree: unknown, root?: z.ZodType): readonly Explained[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(path, root);
    return issue.keys.map((key) => ({
      path: [...path, key],
      unknownKey: true,
      text: mismatch('an unknown key', `one of ${known.join(', ')}`, nearMiss(key, known)),
    }));
  }
  const found = showAt(path, tree);
  if (issue.code === 'invalid_key') {
    const text = mismatch(showFound(path.at(-1)), issue.issues[0]?.message ?? 'another name');
    return [{ path, unknownKey: true, text }];
  }
  if (issue.code === 'invalid_union') {
    const branch = meantBranch(issue.errors);
    if (branch !== undefined)
      return branch.flatMap((inner) =>
        explainIssue({ ...inner, path: [...issue.path, ...inner.path] }, tree, root),
      );
  }
  const { amiss, meant } = writtenIssue(issue, path, valueAt(tree, path));
  const text = mismatch(
    amiss === undefined ? found : `${found} with ${amiss}`,
    rangeAt(path, root) ?? expectedBy(issue),
    meant ?? meantBy(issue, valueAt(tree, path), path, root),
  );
  return [{ path, unknownKey: false, text }];
}

/** Of several forms a block may have, the one that fits but for something inside of it. */
function meantBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return branches
    .filter((issues) =>
      issues.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'),
    )
    .toSorted((a, b) => a.length - b.length)[0];
}

/** What a form of its own says of a text besides what it expected. */
function writtenIssue(
  issue: Issue,
  path: Path,
  value: unknown,
): { amiss?: string; meant?: string } {
  if (issue.code !== 'custom' || issue.params === undefined || isSecret(path)) return {};
  const { amiss, hint }: WrittenIssue = issue.params;
  const meant =
    hint === undefined || 'meant' in hint ? hint?.meant : nearMiss(String(value), hint.among);
  return { ...(amiss !== undefined && { amiss }), ...(meant !== undefined && { meant }) };
}

function showAt(path: Path, tree: unknown): string {
  const value = valueAt(tree, path);
  return isSecret(path) && typeof value === 'string' ? 'a text (not shown)' : showFound(value);
}

/** What the operator probably wanted to write. */
function meantBy(issue: Issue, value: unknown, path: Path, root?: z.ZodType): string | undefined {
  if (isSecret(path)) return undefined;
  const schema = bare(schemaAt(path, root));
  if (typeof value === 'number' && schema instanceof z.ZodString)
    return `"${value}", in quotes: a leading 0 would be lost`;
  if (schema instanceof z.ZodArray && isWord(value)) return `[${value}], a list of one`;
  if (typeof value === 'boolean') return value ? oneOf(path, 'on', root) : oneOf(path, 'off', root);
  if (typeof value !== 'string') return undefined;
  const words = wordsAt(path, root);
  if (words.length > 0) {
    const word = nearMiss(value, words);
    if (word !== undefined) return word;
  }
  if (schema instanceof z.ZodBoolean) {
    return { yes: 'true', on: 'true', no: 'false', off: 'false' }[value.toLowerCase()];
  }
  if (value.trim() !== '' && takesNumber(schema, Number(value)))
    return `${Number(value)} without quotes`;
  if (issue.code !== 'invalid_type' || !(schema instanceof z.ZodObject)) return undefined;
  const [, key, rest] = /^([\w-]+):(\S.*)$/s.exec(value) ?? [];
  const only = Object.keys(schema.shape);
  // `everySeconds:5` is one text for YAML.
  return key !== undefined && only.includes(key)
    ? `${key}: ${showPlain(rest)}, with a space`
    : undefined;
}

function takesNumber(schema: unknown, number: number): boolean {
  const takes = schema instanceof z.ZodNumber || schema instanceof z.ZodUnion;
  return takes && schema.safeParse(number).success;
}

const isWord = (value: unknown): boolean => typeof value === 'string' && /^[\w./:-]+$/.test(value);

/** YAML's true, where a word is asked for. */
function oneOf(path: Path, word: string, root?: z.ZodType): string | undefined {
  return wordsAt(path, root).includes(word) ? word : undefined;
}

function showPlain(text = ''): string {
  return showFound(text).slice(1, -1);
}

/** What a key that takes a number may be, whole: too small and not a number get the same answer. */
function rangeAt(path: Path, root?: z.ZodType): string | undefined {
  const schema = bare(schemaAt(path, root));
  if (!(schema instanceof z.ZodNumber)) return undefined;
  const kind = schema.format === 'safeint' ? 'a whole number' : 'a number';
  return `${kind} from ${schema.minValue} to ${schema.maxValue}`;
}

function expectedBy(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeNames[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `at least ${issue.minimum}${unitOf(issue.origin, issue.minimum)}`;
    case 'too_big':
      return `at most ${issue.maximum}${unitOf(issue.origin, issue.maximum)}`;
    default:
      return issue.message;
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a block of keys',
  array: 'a list',
};

function unitOf(origin: string, count: number | bigint): string {
  const plural = count === 1 ? '' : 's';
  if (origin === 'array') return count === 1 ? ' entry' : ' entries';
  return origin === 'string' ? ` character${plural}` : '';
}

/** The value at a path of a plain tree. */
function valueAt(tree: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, key)
        ? Reflect.get(at, key)
        : undefined,
    tree,
  );
}
