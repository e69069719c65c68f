import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('what a full disk takes a part of is taken back: each line stays one event', () => {
  const folder = mkdtempSync(join(tmpdir(), 'events-file-'));
  const path = join(folder, 'events.jsonl');
  const writes = `
    import { EventsFile } from '${import.meta.dirname}/events-file.ts';
    const file = new EventsFile('${path}', 1_000_000);
    const event = (text, length) => [{ count: 1, json: JSON.stringify(text.repeat(length)) }];
    file.write(event('a', 3000));
    try {
      file.write(event('b', 3000));
    } catch (error) {
      console.error(error.code);
    }
    file.write(event('c', 500));`;
  // No file beyond eight blocks, as on a disk that has no more.
  const limited = `trap '' XFSZ; ulimit -f 8; exec '${process.execPath}' --input-type=module --eval "$1"`;
  const { stderr } = spawnSync('sh', ['-c', limited, 'sh', writes]);
  expect(stderr.toString().trim()).toBe('EFBIG');
  const [first, second, ...more] = readFileSync(path, 'utf8').split('\n');
  expect(first).toBe(JSON.stringify('a'.repeat(3000)));
  expect(second).toBe(JSON.stringify('c'.repeat(500)));
  expect(more).toEqual(['']);
  rmSync(folder, { recursive: true });
});
