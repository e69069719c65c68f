import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { BindingKey, BindingRow } from '../../edge/registrations-store.ts';
import { BatchWriter } from './batch-writer.ts';
import { openDatabase } from './open.ts';
import { RegistrationsTable } from './registrations.ts';

let folder: string;
let database: ReturnType<typeof openDatabase>['database'];
let told: string[];
let writer: BatchWriter<BindingRow, BindingKey>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writer-'));
  database = openDatabase(join(folder, 'state.db')).database;
  told = [];
  const table = new RegistrationsTable(database);
  writer = new BatchWriter(() => table, {
    retryMs: 20,
    stored: (batch) => told.push(`stored ${batch}`),
    failing: () => told.push('failing'),
    recovered: () => told.push('recovered'),
  });
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

/** SQLite itself refuses writes, as it does on a full or read-only disk. */
const refuseWrites = (refuse: boolean) => database.exec(`PRAGMA query_only = ${refuse ? 1 : 0}`);
const batch = (number: number) => ({
  batch: number,
  upserts: [],
  deletes: [{ aor: 'a', contact: 'b' }],
});

test('a batch that fails is said once, held, tried again, and stored when the disk works', async () => {
  refuseWrites(true);
  writer.write(batch(1));
  await vi.waitUntil(() => writer.errors >= 3);
  expect(told).toEqual(['failing']);
  refuseWrites(false);
  await vi.waitUntil(() => told.length > 1);
  expect(told).toEqual(['failing', 'recovered', 'stored 1']);
});

test('at the end a batch is tried once more and then let go, so that the process can end', () => {
  refuseWrites(true);
  writer.write(batch(1));
  writer.close();
  expect(told).toEqual(['failing', 'stored 1']);
  writer.write(batch(2));
  expect(told).toEqual(['failing', 'stored 1', 'stored 2']);
});
