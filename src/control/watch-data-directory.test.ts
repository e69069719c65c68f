import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { dataDirectoryAt } from './data-directory.ts';
import { watchDataDirectory } from './watch-data-directory.ts';

let folder: string;
let seen: string[];
const observer = { gone: () => seen.push('gone'), back: () => seen.push('back') };

beforeEach(() => {
  vi.useFakeTimers();
  folder = mkdtempSync(join(tmpdir(), 'watched-'));
  seen = [];
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

describe('a data directory', () => {
  test('that is removed under a running gate is noticed, once, and when it is back', () => {
    const directory = dataDirectoryAt(folder);
    writeFileSync(directory.database, '');
    const watch = watchDataDirectory(directory, observer, 1000);
    vi.advanceTimersByTime(3000);
    expect(seen).toEqual([]);

    renameSync(directory.database, `${directory.database}.away`);
    vi.advanceTimersByTime(3000);
    expect(seen).toEqual(['gone']);
    expect(watch.losses).toBe(1);

    renameSync(`${directory.database}.away`, directory.database);
    vi.advanceTimersByTime(1000);
    expect(seen).toEqual(['gone', 'back']);
    watch.close();
  });

  test('with another database in its place counts as gone', () => {
    const directory = dataDirectoryAt(folder);
    writeFileSync(directory.database, '');
    const watch = watchDataDirectory(directory, observer, 1000);
    writeFileSync(join(folder, 'other'), '');
    renameSync(join(folder, 'other'), directory.database);
    vi.advanceTimersByTime(1000);
    expect(seen).toEqual(['gone']);
    watch.close();
  });

  test('whose database could not be opened is not watched', () => {
    const watch = watchDataDirectory(dataDirectoryAt(folder), observer, 1000);
    writeFileSync(dataDirectoryAt(folder).database, '');
    vi.advanceTimersByTime(1000);
    expect(seen).toEqual([]);
    watch.close();
  });
});
