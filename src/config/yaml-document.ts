import { type Document, isMap, isNode, isScalar, isSeq, parseDocument, type YAMLError } from 'yaml';
import { mismatch } from './problem.ts';
import type { Path } from './schema-keys.ts';

const options = {
  prettyErrors: false,
  // An extension 0100 is not one hundred.
  stringKeys: true,
  // The parser would compare each key with every other, which takes seconds for a long list; `keyFlaws` looks.
  uniqueKeys: false,
  // Not silent: that would also hide that only the first of several documents is read.
  logLevel: 'error',
} as const;

/** What is wrong at an offset of the text. */
interface Flaw {
  readonly offset: number;
  readonly text: string;
}

/** A text as the full parser reads it, which knows all of YAML. */
export interface ReadDocument {
  /** Its plain value; undefined when there are flaws. */
  readonly value: unknown;
  readonly flaws: readonly Flaw[];
  /** Where the value at a path begins; undefined where there is none. */
  offsetOf(path: Path): number | undefined;
  offsetOfKey(parent: Path, key: string): number | undefined;
  textAt(path: Path): string | undefined;
}

/** Never throws. */
export function readYamlDocument(text: string): ReadDocument {
  const document = parseDocument(text, options);
  const flaws: Flaw[] = [...document.errors, ...document.warnings].map((error) => ({
    offset: error.pos[0],
    text: explained(error),
  }));
  if (flaws.length === 0) flaws.push(...keyFlaws(document.contents));
  const value = flaws.length > 0 ? undefined : plain(document, flaws);
  const nodeAt = (path: Path): unknown =>
    path.length === 0 ? document.contents : document.getIn(path, true);
  return {
    value,
    flaws,
    offsetOf(path) {
      const node = nodeAt(path);
      return isNode(node) ? node.range?.[0] : undefined;
    },
    offsetOfKey(parent, key) {
      const map = nodeAt(parent);
      const pair = isMap(map)
        ? map.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
        : undefined;
      return isNode(pair?.key) ? pair.key.range?.[0] : undefined;
    },
    textAt(path) {
      const node = nodeAt(path);
      return isScalar(node) ? node.source : undefined;
    },
  };
}

/** Keys that stand twice in a block, and the one that JavaScript would take for something else. */
function keyFlaws(contents: unknown): readonly Flaw[] {
  const flaws: Flaw[] = [];
  const left: unknown[] = [contents];
  while (left.length > 0) {
    const node = left.pop();
    if (isSeq(node)) left.push(...node.items);
    if (!isMap(node)) continue;
    const seen = new Set<string>();
    for (const { key, value } of node.items) {
      left.push(value);
      const name = isScalar(key) ? String(key.value) : '';
      const offset = isNode(key) ? (key.range?.[0] ?? 0) : 0;
      if (seen.has(name))
        flaws.push({ offset, text: `${name}: found a second time, expected each key once` });
      if (name === '__proto__')
        flaws.push({ offset, text: mismatch('a key __proto__', 'another name') });
      seen.add(name);
    }
  }
  return flaws.toSorted((a, b) => a.offset - b.offset);
}

function plain(document: Document, flaws: Flaw[]): unknown {
  const offset = isNode(document.contents) ? (document.contents.range?.[0] ?? 0) : 0;
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (!isCyclic(value)) return value;
    flaws.push({ offset, text: mismatch('an alias inside of what it names', 'none') });
  } catch (error) {
    const why = error instanceof Error ? error.message : error;
    flaws.push({ offset, text: `cannot be read: ${why}` });
  }
  return undefined;
}

/** An anchor around its own alias: everything that walks such a value would never end. */
function isCyclic(value: unknown, around: ReadonlySet<unknown> = new Set()): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (around.has(value)) return true;
  const inside = new Set(around).add(value);
  return Object.values(value).some((inner) => isCyclic(inner, inside));
}

function explained(error: YAMLError): string {
  if (error.code === 'MULTIPLE_DOCS') return mismatch('a second document after ---', 'one');
  if (/^Missing closing ["']/.test(error.message)) {
    return 'not YAML: a text that began with a quote has no closing one';
  }
  return syntax(error.message);
}

/** The parser's first sentence, without what it quotes: that could be a secret in the wrong place. */
function syntax(message: string): string {
  const [sentence = ''] = message.split('\n');
  return `not YAML: ${sentence.replace(/:? *["'`].*$/s, '')}`;
}
