import { z } from 'zod';
import { nearMiss } from './near-miss.ts';
import { mismatch, showFound, showHost, showKey, showKind, unknownKey } from './problem.ts';
import { bare, holdsSecret, keysAt, type Path, schemaAt, secretAt } from './schema-keys.ts';
import { belongsTo, hintOf, keyMeant, whatWasMeant } from './what-was-meant.ts';

/** What is wrong at one path, in the operator's words. */
export interface Explained {
  readonly path: Path;
  /** Set when the key itself is unknown: it then is the last step of `path`. */
  readonly unknownKey: boolean;
  readonly text: string;
}

/** What was read, and by which schema, if not that of the settings. */
export interface Read {
  readonly tree: unknown;
  readonly schema?: z.ZodType;
  /** How a value stands in its file: of `0900` YAML makes 900. */
  asWritten(path: Path): string | undefined;
}

type Issue = z.core.$ZodIssue;

/** Puts an issue of the schema into `found X, expected Y (did you mean Z?)`. */
export function explainIssue(issue: Issue, read: Read): readonly Explained[] {
  return explained(issue, read).map((one) => ({ ...one, path: shownPath(one.path, read.schema) }));
}

/** Without a step that may be a secret: what stands there is found by what is around it. */
const shownPath = (path: Path, root: unknown): Path =>
  path.map((step, index) =>
    typeof step === 'string' && holdsSecret(path.slice(0, index), root) ? showKey(step) : step,
  );

function explained(issue: Issue, read: Read): readonly Explained[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(path, read.schema);
    return issue.keys.map((key) => ({
      path: [...path, key],
      unknownKey: true,
      text: mismatch(
        unknownKey(shownPath([...path, key], read.schema).at(-1) === key ? key : ''),
        `one of ${known.join(', ')}`,
        nearMiss(key, known) ?? belongsTo(key),
      ),
    }));
  }
  if (issue.code === 'invalid_key') {
    const found = showFound(shownPath(path, read.schema).at(-1));
    const text = mismatch(found, issue.issues[0]?.message ?? 'another name');
    return [{ path, unknownKey: true, text }];
  }
  if (issue.code === 'invalid_union') {
    const branch = meantBranch(issue.errors);
    if (branch !== undefined)
      return branch.flatMap((inner) =>
        explained({ ...inner, path: [...issue.path, ...inner.path] }, read),
      );
  }
  return [{ path, unknownKey: false, text: explainValue(issue, path, read) }];
}

function explainValue(issue: Issue, path: Path, read: Read): string {
  const schema = schemaAt(path, read.schema);
  const expected =
    // What a rule says of several values together is more than what it says of each.
    (issue.code === 'custom' ? undefined : rangeOf(bare(schema))) ??
    formOf(bare(schema)) ??
    expectedBy(issue, schema);
  const value = valueAt(read.tree, path);
  if (holdsSecret(path, read.schema)) return explainHidden(issue, path, read, expected);
  const digits = typeof value === 'number' && bare(schema) instanceof z.ZodString;
  const written = digits ? read.asWritten(path) : undefined;
  const { amiss, meant } = hintOf(issue, value);
  const shown = written ?? showFound(value);
  return mismatch(
    amiss === undefined ? shown : `${shown} with ${amiss}`,
    expected,
    meant ?? whatWasMeant({ value, written, schema, key: String(path.at(-1)) }),
  );
}

/** As `explainValue`, of a value that may be a secret, or have one in it: no hint repeats anything of it. */
function explainHidden(issue: Issue, path: Path, read: Read, expected: string): string {
  const { tree, schema: root } = read;
  const value = valueAt(tree, path);
  const secret = secretAt(path, root);
  // What the schema itself gives for a hint is made for a URL with a secret in it.
  if (secret === 'path' && typeof value === 'string')
    return mismatch(showHost(value), expected, hintOf(issue, value).meant);
  const schema = schemaAt(path, root);
  if (secret !== undefined) {
    const hidden = value === undefined || value === null ? '' : ' (not shown)';
    return mismatch(`${showKind(value)}${hidden}`, formOfSecret(schema) ?? expected);
  }
  return mismatch(showKind(value), expected, keyMeant(value, schema));
}

/** `${NAME}` rather than only a text, whatever kind of thing was found. */
function formOfSecret(schema: unknown): string | undefined {
  if (!(schema instanceof z.ZodType)) return undefined;
  return schema.safeParse('').error?.issues[0]?.message;
}

/** Of several forms a block may have, the one that fits but for something inside of it. */
function meantBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return branches
    .filter((issues) =>
      issues.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'),
    )
    .toSorted((a, b) => a.length - b.length)[0];
}

/** What a key that takes a number may be, whole: too small and not a number get the same answer. */
function rangeOf(schema: unknown): string | undefined {
  if (!(schema instanceof z.ZodNumber)) return undefined;
  const kind = schema.format === 'safeint' ? 'a whole number' : 'a number';
  return `${kind} from ${schema.minValue} to ${schema.maxValue}`;
}

/** Of a value that may have several forms, what its schema says of all of them. */
function formOf(schema: unknown): string | undefined {
  if (!(schema instanceof z.ZodUnion)) return undefined;
  const [issue] = schema.safeParse(undefined).error?.issues ?? [];
  return issue?.code === 'invalid_union' && issue.message !== 'Invalid input'
    ? issue.message
    : undefined;
}

function expectedBy(issue: Issue, schema: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return (
        (issue.expected === 'string' ? formOfText(schema) : undefined) ??
        typeNames[issue.expected] ??
        issue.expected
      );
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

/** What is expected of a text that has a form of its own. */
function formOfText(schema: unknown): string | undefined {
  if (!(schema instanceof z.ZodType)) return undefined;
  const [issue] = schema.safeParse('').error?.issues ?? [];
  return issue?.code === 'custom' ? issue.message : undefined;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a block of keys',
  record: 'a block of keys',
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
