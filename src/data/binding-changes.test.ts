import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BindingRow } from '../edge/registrations-store.ts';
import { BindingChanges } from './binding-changes.ts';
import type { BindingBatch } from './messages.ts';

let sent: BindingBatch[];
let changes: BindingChanges;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  changes = new BindingChanges({
    everyMs: 250,
    rowsPerBatch: 3,
    mostPending: 5,
    send: (batch) => sent.push(batch),
  });
});
afterEach(() => vi.useRealTimers());

function binding(name: string, cseq = 1): BindingRow {
  return {
    aor: name,
    contact: `sip:${name}`,
    token: `token of ${name}`,
    flow: '',
    transport: 'udp',
    listener: 'udp:0.0.0.0:5060',
    address: '192.0.2.1',
    port: 5060,
    toward: 'contact',
    expiresAt: 0,
    userAgent: '',
    callId: '',
    cseq,
    node: '',
    instance: '',
    changedAt: 0,
  };
}

describe('changes of registrations', () => {
  test('go out together, after the interval', () => {
    changes.saved(binding('a'));
    changes.saved(binding('b'));
    vi.advanceTimersByTime(249);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(sent).toEqual([{ batch: 1, upserts: [binding('a'), binding('b')], deletes: [] }]);
  });

  test('of one binding: only the last goes out', () => {
    changes.saved(binding('a', 1));
    changes.removed(binding('a'));
    changes.saved(binding('a', 2));
    changes.saved(binding('b'));
    changes.removed(binding('b'));
    vi.advanceTimersByTime(250);
    expect(sent).toEqual([
      { batch: 1, upserts: [binding('a', 2)], deletes: [{ aor: 'b', contact: 'sip:b' }] },
    ]);
  });

  test('wait while a batch is under way, and are limited in number', () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) changes.saved(binding(name));
    vi.advanceTimersByTime(10_000);
    expect(sent.map(({ upserts }) => upserts.length)).toEqual([3]);
    changes.stored(1);
    vi.advanceTimersByTime(250);
    expect(sent.map(({ upserts }) => upserts.length)).toEqual([3, 2]);
  });

  test('that come while their older version is on its way go out again', () => {
    changes.saved(binding('a', 1));
    vi.advanceTimersByTime(250);
    changes.saved(binding('a', 2));
    changes.stored(1);
    vi.advanceTimersByTime(250);
    expect(sent[1]?.upserts).toEqual([binding('a', 2)]);
  });

  test('a storm of removals against a stalled disk stays bounded', () => {
    for (let index = 0; index < 100; index++) changes.removed(binding(String(index)));
    vi.advanceTimersByTime(250);
    for (let batch = 1; batch < 50; batch++) {
      changes.stored(batch);
      vi.advanceTimersByTime(250);
    }
    expect(sent.flatMap(({ deletes }) => deletes)).toHaveLength(5);
  });

  test('a flush sends all that is left at once and ends when it is stored', async () => {
    for (const name of ['a', 'b', 'c', 'd']) changes.saved(binding(name));
    const flushed = vi.fn();
    const flush = changes.flush().then(flushed);
    expect(sent).toHaveLength(1);
    changes.stored(1);
    expect(sent).toHaveLength(2);
    expect(flushed).not.toHaveBeenCalled();
    changes.stored(2);
    await flush;
    expect(flushed).toHaveBeenCalled();
  });

  test('a flush with nothing left ends at once', async () => {
    await changes.flush();
    expect(sent).toEqual([]);
  });
});
