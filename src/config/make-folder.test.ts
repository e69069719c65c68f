import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFolder } from './make-folder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'make-folder-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a folder is made with those around it, as often as it is asked for', () => {
  const path = join(folder, 'a/b/c');
  makeFolder(path, 0o700);
  makeFolder(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

test('where none can be made that is said at once', () => {
  expect(() => makeFolder('/proc/drawbridge')).toThrow('no folder can be made in /proc');
  expect(() => makeFolder('/proc/drawbridge/site')).toThrow('no folder can be made in /proc');
});

test('what is no folder stays as it is, and is named', () => {
  const file = join(folder, 'file');
  writeFileSync(file, 'mine');
  expect(() => makeFolder(file)).toThrow(/EEXIST.*file/);
  expect(() => makeFolder(join(file, 'below'))).toThrow(/ENOTDIR.*file\/below/);
  const link = join(folder, 'link');
  symlinkSync('/nowhere', link);
  expect(() => makeFolder(link)).toThrow(`${link} is a link that leads nowhere`);
  expect(existsSync('/nowhere')).toBe(false);
});
