import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readPair } from './certificate-pair.ts';
import { Certificates } from './certificates.ts';
import { ensureSelfSigned, type PairFiles, selfSignedFiles } from './self-signed.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 6, 1, 12);
const log = { info() {}, warn() {}, error() {} };

let folder: string;
let files: PairFiles;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tls-'));
  files = selfSignedFiles(folder);
  ensure(NOW);
});
afterEach(() => rmSync(folder, { recursive: true }));

const ensure = (now: number): void => void ensureSelfSigned(files, ['gate.example.com'], log, now);
const text = (file: string): string => readFileSync(file, 'utf8');
const pair = () => readPair(text(files.certificate), text(files.key));

test('a pair that is good stays, until thirty days before its end', () => {
  const { certificate, endsAt } = pair();
  ensure(endsAt - 31 * DAY);
  expect(pair().certificate).toBe(certificate);
  ensure(endsAt - 29 * DAY);
  expect(pair().certificate).not.toBe(certificate);
});

test.each([
  ['an empty key', () => writeFileSync(files.key, '')],
  ['an empty certificate', () => writeFileSync(files.certificate, '')],
  [
    'the key of another certificate',
    () => {
      const other = text(files.key);
      rmSync(files.certificate);
      ensure(NOW);
      writeFileSync(files.key, other);
    },
  ],
])('%s, as a loss of power leaves it, keeps nobody from starting', (_what, damage) => {
  damage();
  ensure(NOW);
  expect(pair().names).toContain('gate.example.com');
});

test('it is looked after also where the clock was set back', () => {
  const settings = { certificates: [], warnDaysBeforeExpiry: 30 };
  const served = new Certificates(settings, folder, ['gate.example.com'], log);
  rmSync(files.key);
  served.look(Date.now() - 365 * DAY);
  expect(pair().names).toContain('gate.example.com');
});
