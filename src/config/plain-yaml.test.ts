import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { PlainDocument, readPlainValue, readPlainYaml } from './plain-yaml.ts';
import type { Path } from './schema-keys.ts';
import { filesOf, folders, shippedFolders } from './settings-files.ts';
import { readYamlDocument } from './yaml-document.ts';

const shipped = folders.flatMap((folder) =>
  filesOf(folder).map((name) => readFileSync(join(shippedFolders[folder], name), 'utf8')),
);

/** Every path of a tree, the empty one first. */
function pathsOf(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const steps = Array.isArray(value) ? value.map((_, index) => index) : Object.keys(value);
  return [path, ...steps.flatMap((step) => pathsOf(Reflect.get(value, step), [...path, step]))];
}

/** Holds the plain reader to the full parser; says whether it read the text at all. */
function compare(text: string): boolean {
  const tree = readPlainYaml(text);
  if (tree === undefined) return false;
  const full = readYamlDocument(text);
  expect(full.flaws, text).toEqual([]);
  expect(tree, text).toEqual(full.value ?? {});
  const plain = new PlainDocument(text, tree);
  for (const path of pathsOf(tree)) {
    const value = path.reduce<unknown>((at, step) => Reflect.get(Object(at), step), tree);
    // Nothing is nowhere: before or behind a comment.
    if (value === null || full.value === null || full.value === undefined) continue;
    expect(plain.offsetOf(path), `${path} in ${text}`).toBe(full.offsetOf(path));
    const key = path.at(-1);
    if (typeof key === 'string')
      expect(plain.offsetOfKey(path.slice(0, -1), key), `key ${path} in ${text}`).toBe(
        full.offsetOfKey(path.slice(0, -1), key),
      );
    if (typeof value === 'number') expect(plain.textAt(path), text).toBe(full.textAt(path));
  }
  return true;
}

const names = fc.constantFrom(
  'a',
  'no-guests',
  '1001',
  '0100',
  '+49',
  'x.y',
  'true',
  'null',
  '~',
  'a b',
  '__proto__',
);
const scalars = fc.oneof(
  fc.constantFrom(
    '',
    'off',
    'true',
    '"true"',
    'null',
    '~',
    '0900',
    '-7',
    '+5',
    '3.5',
    '1e3',
    '0x1f',
    '.5',
    '-',
    '192.0.2.0/24',
    '::1',
    'fe80::/10',
  ),
  fc.constantFrom('./data', '../x', '.5x', '.inf', '-.INF', '.NaN', '+.5', '.e1', '...', '---'),
  fc.constantFrom('::', ':', ':a', '::ffff:192.0.2.1', '::1: x', '--- a', '... a', '%a', '-a'),
  fc.constantFrom(
    'a: b',
    'a:b',
    'a #b',
    'a#b',
    "it's",
    '"x',
    "'y'",
    '"#"',
    '*X!',
    '"*X!"',
    '&a',
    '!t',
    '|',
    '>',
    '@',
    'x:',
    'a, b',
    '[a]',
    'ü',
    '12:30',
    '$' + '{A}',
    '2099-01-01 18:00',
  ),
  fc.string({ maxLength: 6 }),
);
const flows = fc.oneof(
  scalars,
  fc.array(scalars, { maxLength: 3 }).map((some) => `[${some.join(', ')}]`),
  fc
    .array(fc.tuple(names, scalars), { maxLength: 2 })
    .map((some) => `{ ${some.map(([k, v]) => `${k}: ${v}`).join(', ')} }`),
);
const comments = fc.constantFrom('', '', '', ' # why', ' #', '#x', '  ');
const lines = fc.oneof(
  fc.tuple(names, flows, comments).map(([name, value, comment]) => `${name}: ${value}${comment}`),
  fc.tuple(names, comments).map(([name, comment]) => `${name}:${comment}`),
  fc.tuple(flows, comments).map(([value, comment]) => `- ${value}${comment}`),
  fc.tuple(names, flows).map(([name, value]) => `- ${name}: ${value}`),
  fc.constantFrom('# comment', '', '---', '...', '-', '- - a', '? a'),
);
const texts = fc
  .array(fc.tuple(fc.nat(3), lines), { maxLength: 8 })
  .map((some) => some.map(([depth, line]) => `${'  '.repeat(depth)}${line}`).join('\n'));

describe('what is read plainly, the full parser reads the same, at the same places', () => {
  test('files that ship, all of them', () => {
    expect(shipped.filter((text) => !compare(text))).toEqual([]);
  });

  test('a single value', () => {
    let read = 0;
    const spaced = fc.tuple(fc.constantFrom('', ' '), flows, comments).map((some) => some.join(''));
    fc.assert(
      fc.property(fc.oneof(spaced, texts), (text) => {
        const plain = readPlainValue(text);
        if (plain === undefined) return;
        read++;
        const { value, flaws } = readYamlDocument(text);
        expect({ value: value ?? null, flaws }, text).toEqual({ ...plain, flaws: [] });
      }),
      { numRuns: 5000 },
    );
    expect(read).toBeGreaterThan(1000);
  });

  test('anything that looks like YAML', () => {
    let read = 0;
    fc.assert(
      fc.property(texts, (text) => {
        if (compare(text)) read++;
      }),
      { numRuns: 3000 },
    );
    expect(read).toBeGreaterThan(100);
  });

  test('any tree, as it is usually written', () => {
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), tie('node'), { maxKeys: 4 }),
      node: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('node'), { maxLength: 3 }), tie('tree')),
    }));
    fc.assert(
      fc.property(tree, fc.boolean(), (value, flow) => {
        compare(
          stringify(value, flow ? { collectionStyle: 'flow', lineWidth: 0 } : { lineWidth: 0 }),
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('files that ship, with something taken out or put in', () => {
    const edit = fc.tuple(
      fc.nat(5000),
      fc.nat(3),
      fc.constantFrom('', ' ', ':', '- ', '"', '#', '\n', '[', '{', ','),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...shipped),
        fc.array(edit, { minLength: 1, maxLength: 2 }),
        (text, edits) => {
          compare(
            edits.reduce((soFar, [at, taken, put]) => {
              const from = at % (soFar.length + 1);
              return soFar.slice(0, from) + put + soFar.slice(from + taken);
            }, text),
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});

test.each([
  ['that goes too deep', `a: ${'['.repeat(100_000)}`],
  ['with a key twice', 'a: 1\na: 2'],
  ['with a name of the language', '__proto__: 1'],
  ['with Windows lines', 'a: 1\r\n'],
])('a text %s is left to the full parser', (_what, text) => {
  expect(readPlainYaml(text)).toBeUndefined();
});
