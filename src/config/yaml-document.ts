import { createRequire } from 'node:module';
import type { Document } from 'yaml';
import { mismatch } from './problem.ts';
import { reasonOf } from './reason-of.ts';
import type { Path } from './schema-keys.ts';
import { type Flaw, syntaxFlaws } from './yaml-flaws.ts';

const require = createRequire(import.meta.url);
/** Loaded for files that are not written plainly: it is larger than all else that reads settings. */
const yaml = (): typeof import('yaml') => require('yaml');

const options = {
  prettyErrors: false,
  // An extension 0100 is not one hundred.
  stringKeys: true,
  // The parser would compare each key with every other, which takes seconds for a long list; `keyFlaws` looks.
  uniqueKeys: false,
  // Not silent: that would also hide that only the first of several documents is read.
  logLevel: 'error',
} as const;

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
  const { isMap, isNode, isScalar, parseDocument } = yaml();
  const document = parseDocument(text, options);
  const flaws = [...syntaxFlaws(text, [...document.errors, ...document.warnings])];
  if (flaws.length === 0) flaws.push(...keyFlaws(document.contents), ...aliasFlaws(document));
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
  const { isMap, isNode, isScalar, isSeq } = yaml();
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

/** Aliases of what is nowhere before them, and those inside of what they name: a value that would never end. */
function aliasFlaws(document: Document): readonly Flaw[] {
  const { isAlias, visit } = yaml();
  const flaws: Flaw[] = [];
  const named = new Map<string, unknown>();
  visit(document, {
    Node(_key, node, around) {
      if (!isAlias(node)) {
        if ('anchor' in node && node.anchor !== undefined) named.set(node.anchor, node);
        return;
      }
      const { source, range } = node;
      const problem = !named.has(source)
        ? mismatch(`an alias *${source}`, `&${source} on something before it`)
        : around.some((one) => one === named.get(source))
          ? mismatch('an alias inside of what it names', 'none')
          : undefined;
      if (problem !== undefined) flaws.push({ offset: range?.[0] ?? 0, text: problem });
    },
  });
  return flaws;
}

function plain(document: Document, flaws: Flaw[]): unknown {
  const { isNode } = yaml();
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    const offset = isNode(document.contents) ? (document.contents.range?.[0] ?? 0) : 0;
    flaws.push({ offset, text: `cannot be read: ${reasonOf(error)}` });
  }
  return undefined;
}
