import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FilesWatch, watchFiles } from './watch-files.ts';

let folder: string;
let watch: FilesWatch;
let changes: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watched-'));
  write('site.yaml', 'a');
  changes = 0;
  watchFor(20);
});
afterEach(() => {
  watch.close();
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

/** From now on, and a change is said once nothing more has come for so long. */
function watchFor(quietMs: number): void {
  watch = watchFiles([folder], () => changes++, quietMs);
}

const said = (count: number) => expect.poll(() => changes).toBe(count);

test('nothing is said of what was there', async () => {
  await sleep(100);
  expect(changes).toBe(0);
});

test.each([
  ['written to', () => write('site.yaml', 'b')],
  ['added', () => write('network.yaml', 'b')],
  ['taken away', () => rmSync(join(folder, 'site.yaml'))],
  [
    'replaced, as editors do',
    () => {
      write('new~', 'b');
      renameSync(join(folder, 'new~'), join(folder, 'site.yaml'));
    },
  ],
  [
    'put into the folder of tests',
    () => {
      mkdirSync(join(folder, 'tests'));
      write('tests/calls.yaml', 'tests: []');
    },
  ],
  [
    'in another folder of the same name',
    () => {
      renameSync(folder, `${folder}-old`);
      mkdirSync(folder);
      write('site.yaml', 'a');
      rmSync(`${folder}-old`, { recursive: true });
    },
  ],
])('a file that is %s is said once', async (_how, change) => {
  change();
  await said(1);
  await sleep(100);
  expect(changes).toBe(1);
});

test('while it is being written nothing is said, and afterwards once', async () => {
  watch.close();
  watchFor(500);
  for (let part = 0; part < 20; part++) {
    write('site.yaml', 'x'.repeat(part + 1));
    await sleep(5);
  }
  await said(1);
});

test('the file that an editor keeps beside is none of ours', async () => {
  write('.site.yaml.swp', 'x');
  write('site.yaml~', 'x');
  await sleep(100);
  expect(changes).toBe(0);
});

test('what was read otherwise is not said again', async () => {
  write('site.yaml', 'b');
  watch.seen();
  await sleep(100);
  expect(changes).toBe(0);
});
