import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cpuMeter } from '../../../test/support/cpu-meter.ts';
import type { BindingRow } from '../../edge/registrations-store.ts';
import { openDatabase } from './open.ts';
import { schemaVersion, steps } from './schema.ts';
import { openStore, type Store } from './store.ts';

let folder: string;
let file: string;
let lines: string[];
let stored: number[];
let open: Store[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-'));
  file = join(folder, 'state.db');
  lines = [];
  stored = [];
  open = [];
});
afterEach(() => {
  for (const store of open) store.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(): Store {
  const log = pino({ base: null }, { write: (line: string) => void lines.push(line) });
  const store = openStore(file, log, (_kept, batch) => stored.push(batch));
  open.push(store);
  return store;
}

function binding(name: string, changes: Partial<BindingRow> = {}): BindingRow {
  return {
    aor: `${name}@example.com`,
    contact: `sip:${name}@10.0.0.7:5060`,
    token: 'tok',
    flow: 'flow',
    transport: 'udp',
    listener: 'udp:0.0.0.0:5060',
    address: '192.0.2.7',
    port: 5060,
    toward: 'contact',
    expiresAt: Date.now() + 3_600_000,
    userAgent: 'a "phone" \u00e9',
    callId: 'x@y',
    cseq: 2,
    node: 'pbx1',
    instance: '',
    changedAt: 1_700_000_000_000,
    ...changes,
  };
}

describe('registrations', () => {
  test('come back after a restart exactly as they were', () => {
    const alice = binding('alice');
    const bob = binding('bob', { transport: 'wss', toward: 'path', address: '2001:db8::1' });
    const store = start();
    store.write({ batch: 1, upserts: [alice, bob], deletes: [] });
    store.close();
    const again = start();
    expect(again.found).toBe(2);
    expect(again.takeRegistrations()).toEqual([alice, bob]);
    expect(stored).toEqual([1]);
  });

  test('are handed over once', () => {
    start().write({ batch: 1, upserts: [binding('alice')], deletes: [] });
    const store = start();
    expect(store.takeRegistrations()).toHaveLength(1);
    expect(store.takeRegistrations()).toHaveLength(0);
  });

  test('of one address and contact replace each other; another contact is another binding', () => {
    const store = start();
    const alice = binding('alice');
    store.write({
      batch: 1,
      upserts: [alice, { ...alice, contact: 'sip:alice@other' }],
      deletes: [],
    });
    store.write({ batch: 2, upserts: [{ ...alice, cseq: 9 }], deletes: [] });
    store.close();
    expect(
      start()
        .takeRegistrations()
        .map(({ cseq }) => cseq),
    ).toEqual([9, 2]);
  });

  test('that were removed or have expired are gone', () => {
    const store = start();
    const alice = binding('alice');
    const upserts = [alice, binding('bob', { expiresAt: Date.now() - 1 }), binding('carol')];
    store.write({ batch: 1, upserts, deletes: [] });
    store.write({ batch: 2, upserts: [], deletes: [alice] });
    store.close();
    expect(
      start()
        .takeRegistrations()
        .map(({ aor }) => aor),
    ).toEqual(['carol@example.com']);
  });

  test('in their hundred thousands are read in well under a second', () => {
    const store = start();
    for (let batch = 0; batch < 50; batch++) {
      const upserts = Array.from({ length: 2000 }, (_, index) => binding(`${batch}-${index}`));
      store.write({ batch, upserts, deletes: [] });
    }
    store.close();
    const spent = cpuMeter();
    expect(start().takeRegistrations()).toHaveLength(100_000);
    expect(spent()).toBeLessThan(2000);
  });
});

test('guards of extensions come back after a restart, those that ended do not', () => {
  const now = Date.now();
  const guard = { by: 'rule', evidence: '8 sources', since: now, changedAt: now } as const;
  const lasting = { ...guard, extension: '1001', until: undefined };
  const short = { ...guard, extension: '1002', until: now + 60_000 };
  const store = start();
  const ended = { ...guard, extension: '1003', until: now - 1 };
  store.writeGuards({ batch: 1, upserts: [lasting, short, ended], deletes: [] });
  store.close();
  const again = start();
  expect(again.guards).toEqual([lasting, short]);
  again.writeGuards({ batch: 2, upserts: [], deletes: ['1001'] });
  again.close();
  expect(start().guards).toEqual([short]);
});

describe('a database that is damaged', () => {
  test.each([
    ['not a database at all', 'x'.repeat(5000)],
    ['cut off in the middle', undefined],
  ])('%s is moved aside, said loudly, and begun anew', (_what, content) => {
    const store = start();
    const upserts = Array.from({ length: 500 }, (_, index) => binding(String(index)));
    store.write({ batch: 1, upserts, deletes: [] });
    store.close();
    const whole = new DatabaseSync(file);
    const pages = Number(whole.prepare('PRAGMA page_count').get()?.page_count);
    whole.close();
    expect(pages).toBeGreaterThan(10);
    writeFileSync(file, content ?? Buffer.alloc(4096 * 5, 'SQLite format 3\u0000'));

    const again = start();
    expect(again.takeRegistrations()).toEqual([]);
    expect(lines.join()).toContain('is damaged: moved aside');
    expect(readdirSync(folder).some((name) => name.startsWith('state.db.damaged-'))).toBe(true);
    again.write({ batch: 2, upserts: [binding('alice')], deletes: [] });
    expect(stored).toEqual([1, 2]);
  });

  test.each([
    ['none of our tables', 'CREATE TABLE sip_contacts (uri TEXT)', schemaVersion],
    [
      'tables of our names',
      'CREATE TABLE registrations (a); CREATE TABLE blocks (b)',
      schemaVersion,
    ],
    ['tables of our names that we are about to make', 'CREATE TABLE registrations (a)', 0],
    ['a step that was made already', `${steps.slice(0, 3).join(';')}`, 2],
  ])('another one, with %s, is moved aside, and what comes is kept', (_what, sql, version) => {
    const other = new DatabaseSync(file);
    other.exec(`${sql}; PRAGMA user_version = ${version}`);
    other.close();
    const store = start();
    store.write({ batch: 1, upserts: [binding('alice')], deletes: [] });
    expect(stored).toEqual([1]);
    expect(lines.join()).toContain('is damaged: moved aside');
    store.close();
    expect(start().found).toBe(1);
  });

  test('a database of a newer program is moved aside too, and nothing in it changed', () => {
    const newer = new DatabaseSync(file);
    newer.exec(`PRAGMA user_version = ${schemaVersion + 1}`);
    newer.close();
    const { database, aside } = openDatabase(file);
    expect(aside?.is).toBe('of a newer version');
    expect(aside?.why).toContain(`its version is ${schemaVersion + 1}`);
    expect(aside?.movedTo).toContain('state.db.newer-');
    database.close();
  });
});

test('registrations of a program that did not know instances yet are kept', () => {
  const [first = ''] = steps;
  const old = new DatabaseSync(file);
  old.exec(`${first}; PRAGMA user_version = 1`);
  const values = [
    '1001@x',
    'sip:1',
    't',
    'f',
    'udp',
    'l',
    'a',
    5060,
    'contact',
    9e15,
    'u',
    'c',
    1,
    'n',
    0,
  ];
  old.prepare(`INSERT INTO registrations VALUES (${values.map(() => '?').join()})`).run(...values);
  old.close();
  const [kept] = start().takeRegistrations();
  expect(kept).toMatchObject({ aor: '1001@x', node: 'n', instance: '' });
});

describe('a disk that fails', () => {
  test('at start: it is said and counted, and what could not be kept is once the disk works', async () => {
    vi.useFakeTimers();
    mkdirSync(file);
    const store = start();
    expect(store.takeRegistrations()).toEqual([]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('cannot be opened for writing');
    store.write({ batch: 1, upserts: [binding('alice')], deletes: [] });
    expect(stored).toEqual([]);
    expect(store.errors()).toBe(2);

    rmdirSync(file);
    await vi.advanceTimersByTimeAsync(5000);
    vi.useRealTimers();
    expect(stored).toEqual([1]);
    expect(lines.at(-1)).toContain('registrations are written to disk again');
    store.close();
    expect(start().takeRegistrations()).toMatchObject([{ aor: 'alice@example.com' }]);
  });
});
