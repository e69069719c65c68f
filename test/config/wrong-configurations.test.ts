import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadSettings } from '../../src/config/load.ts';
import { showProblem } from '../../src/config/problem.ts';
import { filesOf, folders, shippedFolders } from '../../src/config/settings-files.ts';
import { type Mutation, misspelt, slips, twice, wrongValues } from './mutations.ts';
import { operatorMistakes } from './operator-mistakes.ts';

const directory = mkdtempSync(join(tmpdir(), 'wrong-'));
const at = Object.fromEntries(folders.map((folder) => [folder, join(directory, folder)]));
for (const folder of folders)
  cpSync(shippedFolders[folder], join(directory, folder), { recursive: true });
afterAll(() => rmSync(directory, { recursive: true }));

/** Not over what is there: the disk is waited for then. */
function writeAnew(path: string, content: string | Buffer): void {
  rmSync(path);
  writeFileSync(path, content);
}

/** What is said when one file is as given, and the others as they ship: the settings, or the problems. */
function load(file: string, text: string): { settings?: unknown; problems: readonly string[] } {
  const path = join(directory, file);
  const shipped = readFileSync(path);
  writeAnew(path, text);
  try {
    const loaded = loadSettings(at, {}, true, []);
    return loaded.ok
      ? { settings: loaded.settings, problems: [] }
      : {
          problems: loaded.problems.map((one) => showProblem(one).replace(`${directory}/`, '')),
        };
  } finally {
    writeAnew(path, shipped);
  }
}

const files = folders.flatMap((folder) => filesOf(folder).map((name) => `${folder}/${name}`));
const shippedText = (file: string): string => readFileSync(join(directory, file), 'utf8');

interface Said extends Mutation {
  readonly problems: readonly string[];
}

const saidOf = (file: string, mutations: readonly Mutation[]): readonly Said[] =>
  mutations.map((mutation) => ({ ...mutation, problems: load(file, mutation.text).problems }));

/** Those that no problem names by their line and key. */
function unnamed(file: string, said: readonly Said[]): readonly string[] {
  return said.flatMap(({ what, line, key, problems }) => {
    const named = problems.some(
      (one) => new RegExp(`^${file}:${line}:\\d+\\b`).test(one) && one.includes(key ?? ''),
    );
    return named ? [] : [`${what} (line ${line}): ${problems.join(' | ') || 'accepted'}`];
  });
}

// Hundreds of files are read in each.
describe.each(files)('in %s', { timeout: 120_000 }, (file) => {
  test('a misspelt key is named, and the right one guessed', () => {
    const said = saidOf(file, misspelt(shippedText(file)));
    expect(unnamed(file, said)).toEqual([]);
    const unguessed = said.filter(
      ({ problems }) => !problems.some((one) => one.includes('did you mean')),
    );
    expect(unguessed).toEqual([]);
  });

  test('a value that cannot be is named', () => {
    expect(unnamed(file, saidOf(file, wrongValues(shippedText(file))))).toEqual([]);
  });

  test('a key given twice is named', () => {
    expect(unnamed(file, saidOf(file, twice(shippedText(file))))).toEqual([]);
  });

  test('a slip is named by a line, or means the same', () => {
    const { settings } = load(file, shippedText(file));
    const silent = slips(shippedText(file)).flatMap(({ what, text, line }) => {
      const said = load(file, text);
      if (said.problems.length === 0)
        return JSON.stringify(said.settings) === JSON.stringify(settings) ? [] : [what];
      return said.problems.some((one) => new RegExp(`^${file}:\\d+:\\d+`).test(one))
        ? []
        : [`${what} (line ${line}): ${said.problems.join(' | ')}`];
    });
    expect(silent).toEqual([]);
  });
});

test('that is a great many', () => {
  const count = (kind: (text: string) => readonly Mutation[]): number =>
    files.reduce((sum, file) => sum + kind(shippedText(file)).length, 0);
  expect([misspelt, wrongValues, twice].map(count).reduce((a, b) => a + b)).toBeGreaterThan(300);
});

describe('at three in the morning', () => {
  test.each(operatorMistakes)('$what', ({ file, text, said }) => {
    const { problems } = load(file, text);
    expect(problems).toContainEqual(
      typeof said === 'string' ? `${file}:${said}` : expect.stringMatching(said),
    );
    for (const one of problems) expect(one).toMatch(/^(routes|policies)\/[a-z]+\.yaml(:\d+:\d+)?/);
  });
});

test('what is wrong in itself hides nothing of what does not go together, nor of the tests', () => {
  const { problems } = load(
    'policies/extensions.yaml',
    'extensions:\n  list:\n    1001:\n      devices: many\n      groups: [sales]\n      rules: { no-guest: off, devices: of }\n',
  );
  expect(problems).toEqual([
    expect.stringMatching(/^policies\/extensions\.yaml:4:16 .*devices: found "many"/),
    expect.stringMatching(/^policies\/extensions\.yaml:6:40 .*rules\.devices: found "of"/),
    expect.stringMatching(/^policies\/extensions\.yaml:5:16 .*groups\.0: found "sales"/),
    expect.stringMatching(/^policies\/extensions\.yaml:6:\d+ .*did you mean no-guests\?/),
  ]);
});

test('a group that is wrong itself is there for those that name it', () => {
  const { problems } = load(
    'policies/extensions.yaml',
    'extensions:\n  groups:\n    sales:\n  list:\n    1001: { groups: [sales] }\n',
  );
  expect(problems).toEqual([expect.stringContaining('extensions.groups.sales: found nothing')]);
});

test('a file in place of the folder of policy tests is named', () => {
  const folder = join(directory, 'policies/tests');
  rmSync(folder, { recursive: true });
  writeFileSync(folder, '');
  expect(load('policies/site.yaml', '# as it ships\n').problems).toEqual([
    'policies/tests: found a file, expected a folder',
  ]);
  rmSync(folder);
});
