import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { editorSchemas } from './json-schemas.ts';
import { shippedFolders } from './settings-files.ts';
import { readYaml } from './yaml-file.ts';

/** Does an editor that goes by the schema find this good? */
function accepts(name: string, text: string): boolean {
  const schema = editorSchemas().find((one) => `${one.folder}/${one.name}` === name);
  return z.fromJSONSchema(JSON.parse(schema?.text ?? 'false')).safeParse(readYaml(name, text).tree)
    .success;
}

test.each(editorSchemas())('$folder/$name as it ships is good', ({ folder, name }) => {
  const text = readFileSync(join(shippedFolders[folder], name), 'utf8');
  expect(accepts(`${folder}/${name}`, text)).toBe(true);
});

describe('an editor marks', () => {
  test.each([
    ['a misspelt key', 'policies/site.yaml', 'site: { timezone: UTC }'],
    ['a misspelt word', 'policies/site.yaml', 'site: { rules: shaddow }'],
    ['a key of another file', 'policies/site.yaml', 'network: {}'],
    [
      'a rule that does not exist',
      'policies/extensions.yaml',
      'extensions: { defaults: { rules: { no-guest: off } } }',
    ],
    [
      'a number out of its range',
      'policies/extensions.yaml',
      'extensions: { list: { 1001: { devices: 0 } } }',
    ],
    ['what is missing', 'routes/trunks.yaml', 'trunks: [{ name: carrier }]'],
  ])('%s', (_what, file, text) => {
    expect(accepts(file, text)).toBe(false);
  });
});

const textOf = (file: string): string =>
  editorSchemas().find((one) => one.file === file)?.text ?? '';

test('each key says what it does and what its default is', () => {
  const { properties } = JSON.parse(textOf('site.json'));
  expect(properties.site.properties.timeZone).toMatchObject({
    default: 'UTC',
    description: expect.stringContaining('Europe/Berlin'),
  });
  expect(properties.site.properties.localNetworks.default).toContain('10.0.0.0/8');
});

test('nothing of the inside shows', () => {
  for (const { text } of editorSchemas()) expect(text).not.toContain('"secret": true');
});
