import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { listen, toneWav } from './tone.ts';

const folder = mkdtempSync(join(tmpdir(), 'tone-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([300, 440, 880, 1320, 3000])('a tone of %d Hz is heard as such', (hertz) => {
  const file = join(folder, `${hertz}.wav`);
  writeFileSync(file, toneWav(hertz, 1));
  expect(listen(file)).toMatchObject({ seconds: 1, hertz });
});

test('only the end counts: a tone that has stopped is quiet', () => {
  const file = join(folder, 'stopped.wav');
  writeFileSync(file, Buffer.concat([toneWav(440, 1), Buffer.alloc(16_000)]));
  expect(listen(file).rms).toBe(0);
});
