import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compile } from './compile.ts';
import { editorSchemas } from './json-schemas.ts';
import { loadSettings } from './load.ts';
import { settingsSchema } from './schema.ts';
import { knownKeys } from './schema-keys.ts';
import { filesOf, folders, keysOf, shippedFolders } from './settings-files.ts';
import { readYamlFile } from './yaml-file.ts';

const files = folders.flatMap((folder) =>
  filesOf(folder).map((name) => ({ folder, name, path: join(shippedFolders[folder], name) })),
);

describe('the files that ship', () => {
  test('load', () => {
    expect(loadSettings({}, {}, true)).toMatchObject({ ok: true, notices: [] });
  });

  test.each(files)('$folder/$name says what the defaults are', ({ folder, name, path }) => {
    const { tree, problems } = readYamlFile(path);
    expect(problems).toEqual([]);
    const written = settingsSchema.parse(tree);
    const standard = settingsSchema.parse({});
    for (const key of keysOf(folder, name)) {
      expect(tree).toHaveProperty(key);
      expect(Reflect.get(written, key)).toEqual(Reflect.get(standard, key));
      // A rule that is not written would hold as well: an operator would look for it in vain.
      if (folder === 'policies') expect(tree[key]).toEqual(Reflect.get(standard, key));
    }
  });

  test.each(files)('$folder/$name mentions every key there is', ({ folder, name, path }) => {
    const text = readFileSync(path, 'utf8');
    const own = keysOf(folder, name);
    const missing = knownKeys().filter(({ key }) => {
      if (!own.includes(key.split('.')[0] ?? '')) return false;
      const last = key.split('.').at(-1) ?? key;
      return !new RegExp(`^[ #-]*${last}(:| {2})`, 'm').test(text);
    });
    expect(missing).toEqual([]);
  });

  test.each(files)('$folder/$name names its schema for editors', ({ path }) => {
    const [, schema = ''] =
      /^# yaml-language-server: \$schema=(.*)\n/.exec(readFileSync(path, 'utf8')) ?? [];
    expect(join(dirname(path), schema)).toBe(
      join(dirname(path), 'schema', basename(path).replace('.yaml', '.json')),
    );
  });

  test.each(editorSchemas())(
    '$folder/schema/$file says what the code says',
    ({ folder, file, text }) => {
      // When it does not: npm run -s drawbridge -- schema
      expect(readFileSync(join(shippedFolders[folder], 'schema', file), 'utf8')).toBe(text);
    },
  );

  test('hold every key there is', () => {
    const keys = folders.flatMap((folder) =>
      filesOf(folder).flatMap((name) => keysOf(folder, name)),
    );
    expect(keys.toSorted()).toEqual(Object.keys(settingsSchema.shape).toSorted());
  });
});

test('every key is described', () => {
  expect(knownKeys().filter(({ description }) => description === '')).toEqual([]);
});

test('the defaults compile to settings of their own', () => {
  const compiled = compile(settingsSchema.parse({}), { environment: {}, ipv6: true });
  const loaded = loadSettings({}, {}, true);
  const { riskyRanges: _, ...policy } = loaded.ok ? loaded.settings.policy : {};
  expect(compiled.ok && loaded.ok && compiled.settings).toEqual(
    loaded.ok && { ...loaded.settings, policy },
  );
});
