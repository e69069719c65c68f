import { z } from 'zod';
import { nearMiss } from './near-miss.ts';
import { mismatch, showFound } from './problem.ts';
import { bare, isSecret, keysAt, type Path, schemaAt } from './schema-keys.ts';

/** What is wrong at one path, in the operator's words. */
export interface Explained {
  readonly path: Path;
  /** Set when the key itself is unknown: it then is the last step of `path`. */
  readonly unknownKey: boolean;
  readonly text: string;
}

type Issue = z.core.$ZodIssue;

/** Puts an issue of the schema into `found X, expected Y (did you mean Z?)`. */
export function explainIssue(issue: Issue, tree: unknown): readonly Explained[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(path);
    return issue.keys.map((key) => ({
      path: [...path, key],
      unknownKey: true,
      text: mismatch('an unknown key', `one of ${known.join(', ')}`, nearMiss(key, known)),
    }));
  }
  const value = valueAt(tree, path);
  const found =
    isSecret(path) && typeof value === 'string' ? 'a text (not shown)' : showFound(value);
  const text = mismatch(found, rangeAt(path) ?? expectedBy(issue), meantBy(issue, value, path));
  return [{ path, unknownKey: false, text }];
}

/** What the operator probably wanted to write. */
function meantBy(issue: Issue, value: unknown, path: Path): string | undefined {
  if (typeof value !== 'string' || isSecret(path)) return undefined;
  if (issue.code === 'invalid_value') return nearMiss(value, issue.values.map(String));
  const schema = bare(schemaAt(path));
  if (schema instanceof z.ZodBoolean) {
    return { yes: 'true', on: 'true', no: 'false', off: 'false' }[value.toLowerCase()];
  }
  if (schema instanceof z.ZodNumber)
    return schema.safeParse(Number(value)).success && value.trim() !== ''
      ? `${Number(value)} without quotes`
      : undefined;
  if (issue.code !== 'invalid_type' || !(schema instanceof z.ZodObject)) return undefined;
  const [, key, rest] = /^(\w+):(\S.*)$/s.exec(value) ?? [];
  const only = Object.keys(schema.shape);
  // `everySeconds:5` is one text for YAML.
  return key !== undefined && only.includes(key)
    ? `${key}: ${showPlain(rest)}, with a space`
    : undefined;
}

function showPlain(text = ''): string {
  return showFound(text).slice(1, -1);
}

/** What a key that takes a number may be, whole: too small and not a number get the same answer. */
function rangeAt(path: Path): string | undefined {
  const schema = bare(schemaAt(path));
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
