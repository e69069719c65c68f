import { spawnSync } from 'node:child_process';
import {
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { replaceFile, writeWhole } from './replace-file.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'replace-file-'));
  file = join(folder, 'exceptions.yaml');
  writeFileSync(file, 'old', { mode: 0o640 });
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a file is replaced, and opens for whom it did', () => {
  replaceFile(file, 'new');
  expect(readFileSync(file, 'utf8')).toBe('new');
  expect(statSync(file).mode & 0o777).toBe(0o640);
  expect(readdirSync(folder)).toEqual(['exceptions.yaml']);
});

test('a file opens for whom it did, whatever the umask is by now', () => {
  const umask = process.umask(0o077);
  try {
    replaceFile(file, 'new');
  } finally {
    process.umask(umask);
  }
  expect(statSync(file).mode & 0o777).toBe(0o640);
});

test.skipIf(process.getuid?.() !== 0)(
  'what root replaces stays whose it was, and what root makes is whose the folder is',
  () => {
    chownSync(folder, 4711, 4712);
    chownSync(file, 0, 4712);
    replaceFile(file, 'new');
    expect(statSync(file)).toMatchObject({ uid: 0, gid: 4712 });
    writeWhole(join(folder, 'pin.key'), Buffer.from('key'), 0o600);
    expect(statSync(join(folder, 'pin.key'))).toMatchObject({ uid: 4711, gid: 4712 });
  },
);

test('where there is room for a part of the new one, the old one stays', () => {
  const replaces = `
    import { replaceFile, writeWhole } from '${import.meta.dirname}/replace-file.ts';
    replaceFile('${file}', 'x'.repeat(10_000));`;
  // No file beyond eight blocks, as on a disk that has no more.
  const limited = `trap '' XFSZ; ulimit -f 8; exec '${process.execPath}' --input-type=module --eval "$1"`;
  const { status, stderr } = spawnSync('sh', ['-c', limited, 'sh', replaces]);
  expect(stderr.toString()).toContain('EFBIG');
  expect(status).toBe(1);
  expect(readFileSync(file, 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['exceptions.yaml']);
});
