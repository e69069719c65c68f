import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadSettings } from './load.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'risks-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function load(text?: string) {
  const file = join(folder, 'ours.csv');
  if (text !== undefined) writeFileSync(file, text);
  return loadSettings({ set: [`site.highRiskNumbers=${file}`] }, {}, true);
}

test('the list that ships counts where none is named', () => {
  const loaded = loadSettings({}, {}, true);
  expect(loaded.ok && loaded.settings.policy.riskyRanges?.length).toBeGreaterThan(20);
});
test("the operator's own takes its place", () => {
  const loaded = load('+37190,ours,premium,we paid for it,2026-11-29\n');
  expect(loaded.ok && loaded.settings.policy.riskyRanges).toMatchObject([{ name: 'ours' }]);
});
test('a line that cannot be read is named, and nothing of the list is taken', () => {
  expect(load('+37190,ours,premium,x,2026-11-29\n371,,premium,x,yesterday\n')).toMatchObject({
    ok: false,
    problems: [
      { where: expect.stringMatching(/ours\.csv:2$/), text: expect.stringMatching(/^name: found/) },
    ],
  });
});
test('a file that is not there is said by its key', () => {
  expect(load()).toMatchObject({
    ok: false,
    problems: [
      {
        key: 'site.highRiskNumbers',
        where: '--set',
        text: expect.stringMatching(/ours\.csv" does not exist$/),
      },
    ],
  });
});
