import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeSite } from './write-site.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'write-site-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a site that cannot be written, as on a full disk', () => {
  // a folder where a file is
  const tooMuch = [
    { path: 'policies', text: '' },
    { path: 'policies/site.yaml', text: '' },
  ];

  test('leaves no empty folder behind', () => {
    expect(() => writeSite(join(folder, 'sites/one'), tooMuch, new Date())).toThrow();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('leaves a folder that was there', () => {
    mkdirSync(join(folder, 'sites'));
    expect(() => writeSite(join(folder, 'sites/one'), tooMuch, new Date())).toThrow();
    expect(readdirSync(folder)).toEqual(['sites']);
    expect(readdirSync(join(folder, 'sites'))).toEqual([]);
  });
});
