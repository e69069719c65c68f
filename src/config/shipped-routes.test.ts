import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compile } from './compile.ts';
import { loadSettings, shippedRoutes } from './load.ts';
import { routesFiles, settingsSchema } from './schema.ts';
import { knownKeys } from './schema-keys.ts';
import { readYamlFile } from './yaml-file.ts';

describe('the routes that ship', () => {
  test('load', () => {
    expect(loadSettings({}, {}, true)).toMatchObject({ ok: true, notices: [] });
  });

  test.each(Object.entries(routesFiles))('%s says what the defaults are', (name, keys) => {
    const { tree, problems } = readYamlFile(join(shippedRoutes, name));
    expect(problems).toEqual([]);
    const written = settingsSchema.parse(tree);
    const standard = settingsSchema.parse({});
    for (const key of keys) {
      expect(tree).toHaveProperty(key);
      expect(Reflect.get(written, key)).toEqual(Reflect.get(standard, key));
    }
  });

  test('mention every key there is', () => {
    const text = Object.keys(routesFiles)
      .map((name) => readFileSync(join(shippedRoutes, name), 'utf8'))
      .join('\n');
    const ofRoutes = new Set(Object.values(routesFiles).flat());
    const missing = knownKeys().filter(({ key }) => {
      if (!ofRoutes.has(key.split('.')[0] ?? '')) return false;
      const last = key.split('.').at(-1) ?? key;
      return !new RegExp(`^[ #-]*${last}(:| {2})`, 'm').test(text);
    });
    expect(missing).toEqual([]);
  });
});

test('every key is described', () => {
  expect(knownKeys().filter(({ description }) => description === '')).toEqual([]);
});

test('the defaults compile to settings of their own', () => {
  const compiled = compile(settingsSchema.parse({}), { environment: {}, ipv6: true });
  const loaded = loadSettings({}, {}, true);
  expect(compiled.ok && loaded.ok && compiled.settings).toEqual(loaded.ok && loaded.settings);
});
