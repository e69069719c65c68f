import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromEnvironment, fromFlags } from './overrides.ts';
import { readYaml, readYamlFile } from './yaml-file.ts';

const text = 'pbx:\n  nodes:\n    - uri: sip:a\n      weight: 2\n  health: {everySeconds: 5}\n';

describe('a place in a file', () => {
  const file = readYaml('pbx.yaml', text);

  test.each([
    [['pbx', 'nodes', 0, 'weight'], 'pbx.yaml:4:15'],
    [['pbx', 'health', 'everySeconds'], 'pbx.yaml:5:26'],
    [['pbx', 'nodes', 0, 'drain'], 'pbx.yaml:3:7'],
    [['pbx', 'nodes', 7], 'pbx.yaml:3:5'],
    [['nowhere'], 'pbx.yaml:1:1'],
  ])('of %j is %s: its own, or of what is around it', (path, place) => {
    expect(file.locate(path)).toBe(place);
  });

  test('of a key itself', () => {
    expect(file.locateKey(['pbx', 'health'], 'everySeconds')).toBe('pbx.yaml:5:12');
    expect(file.locateKey([], 'pbx')).toBe('pbx.yaml:1:1');
  });
});

describe('whatever is written', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(
        fc.constantFrom(
          'a',
          ':',
          ' ',
          '\n',
          '- ',
          '[',
          '{',
          '}',
          '&x',
          '*x',
          '!!set',
          '"',
          '#',
          '<<',
          '|',
          '? ',
        ),
      )
      .map((parts) => parts.join('')),
  );

  test('in a file: an answer, never a throw', () => {
    fc.assert(
      fc.property(texts, (written) => {
        const { tree, problems, locate } = readYaml('f', written);
        expect(typeof tree).toBe('object');
        for (const { where } of problems) expect(where).toMatch(/^f:\d+:\d+$/);
        expect(locate(['a', 0, 'b'])).toMatch(/^f:\d+:\d+$/);
      }),
      { numRuns: 2000 },
    );
  });

  test('in a flag or a variable: an answer, never a throw', () => {
    fc.assert(
      fc.property(texts, texts, (key, value) => {
        fromFlags({
          set: [`${key}=${value}`, `http.port=${value}`],
          listen: [value],
          pbx: [value],
          http: value,
        });
        fromEnvironment({ [`DRAWBRIDGE_${key}`]: value, DRAWBRIDGE_HTTP__PORT: value });
      }),
      { numRuns: 1000 },
    );
  });
});

test('a name of digits is kept as it is written', () => {
  expect(readYaml('extensions.yaml', 'list: { 0100: {}, 1e3: {} }').tree).toEqual({
    list: { '0100': {}, '1e3': {} },
  });
});

test('a link that leads nowhere is named as one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'yaml-file-'));
  const link = join(folder, 'site.yaml');
  symlinkSync('/nowhere/site.yaml', link);
  expect(readYamlFile(link, 'site.yaml').problems).toEqual([
    { where: 'site.yaml', text: 'found a link that leads nowhere, expected a file' },
  ]);
  rmSync(link);
  expect(readYamlFile(link).problems).toEqual([{ where: link, text: 'does not exist' }]);
  rmSync(folder, { recursive: true });
});
