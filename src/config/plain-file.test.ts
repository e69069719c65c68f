import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plain-file-'));
  for (const name of ['pipe', 'phones.csv', 'pjsip.conf'])
    execFileSync('mkfifo', [join(folder, name)]);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** In a process of its own, which may hang. */
function said(...words: readonly string[]): string {
  const main = join(import.meta.dirname, '../main.ts');
  const run = spawnSync(process.execPath, [main, ...words], { cwd: folder, timeout: 25_000 });
  return run.stderr.toString();
}

test('no pipe that settings name is waited for: each is named by its key', {
  timeout: 30_000,
}, () => {
  const set = [
    'tls.certificates=[{certificate: pipe, key: pipe}]',
    'tls.authorities=pipe',
    'site.highRiskNumbers=pipe',
    'network.countryDatabase=pipe',
  ].flatMap((one) => ['--set', one]);
  const found = said('check', ...set);
  for (const key of [
    ...['tls.certificates.0.certificate', 'tls.certificates.0.key', 'tls.authorities'],
    ...['site.highRiskNumbers', 'network.countryDatabase'],
  ])
    expect(found).toContain(`${key}: "pipe" found a pipe or device, expected a file`);
});

test.each(['phones.csv', 'pjsip.conf'])(
  'nor one that is to be imported: %s',
  { timeout: 30_000 },
  (file) => {
    expect(said('init', '--pbx', '192.0.2.1', '--yes', '--import', file)).toContain(
      `${file}: found a pipe or device, expected a file`,
    );
  },
);
