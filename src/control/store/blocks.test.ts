import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cpuMeter } from '../../../test/support/cpu-meter.ts';
import type { BlockEntry } from '../../limits/block-entry.ts';
import { BlocksTable } from './blocks.ts';
import { openDatabase } from './open.ts';

let folder: string;
let database: ReturnType<typeof openDatabase>['database'];
let table: BlocksTable;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'blocks-'));
  database = openDatabase(join(folder, 'state.db')).database;
  table = new BlocksTable(database);
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

const block = (network: string, more: Partial<BlockEntry> = {}): BlockEntry => ({
  network,
  by: 'rule',
  rule: 'scanners',
  evidence: 'User-Agent "sipcli"',
  note: undefined,
  firstSeen: 1000,
  changedAt: 1500,
  lastSeen: 2000,
  hits: 3,
  until: 9000,
  forgeable: false,
  offences: 2,
  ...more,
});

test('what is written is read again: with and without an end', () => {
  const forGood = block('2001:db8::/64', { by: 'operator', until: undefined, note: 'Eve' });
  table.write([block('192.0.2.1'), forGood], []);
  expect(table.load()).toEqual([forGood, block('192.0.2.1')]);
});

test('a block that is written again takes the place of the one before; one that is lifted is gone', () => {
  table.write([block('192.0.2.1'), block('192.0.2.2')], []);
  table.write([block('192.0.2.1', { hits: 99 })], ['192.0.2.2']);
  expect(table.load()).toEqual([block('192.0.2.1', { hits: 99 })]);
});

test('what ended a year ago is forgotten, what ended yesterday is an offence', () => {
  const year = 31_536_000_000;
  table.write([block('192.0.2.1', { until: 1 }), block('192.0.2.2', { until: year })], []);
  table.removeForgotten(year + 1000);
  expect(table.load().map(({ network }) => network)).toEqual(['192.0.2.2']);
});

test('a hundred thousand are written and read in less than two seconds', () => {
  const many = Array.from({ length: 100_000 }, (_, index) =>
    block(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`),
  );
  table.write(many, []);
  const spent = cpuMeter();
  expect(table.load()).toHaveLength(100_000);
  expect(spent()).toBeLessThan(2000);
});
