import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { BindingRow } from '../edge/registrations-store.ts';
import type { FromDataPlane, SharedBatch } from './messages.ts';
import { Sharing } from './sharing.ts';

const row: BindingRow = {
  ...{ aor: '1001@a.test', contact: 'sip:1001@198.51.100.7', token: 't', flow: 'f' },
  ...{ transport: 'udp', listener: 'udp:192.0.2.1:5060', address: '198.51.100.7', port: 5060 },
  ...{ toward: 'contact', expiresAt: 9e15, userAgent: 'T', callId: 'c', cseq: 1, node: 'pbx' },
  ...{ instance: '', changedAt: 1000 },
};

test('a guard that another node has raised again is told after that it was lifted', async () => {
  const told: SharedBatch[] = [];
  const sharing: Sharing = new Sharing((message) => {
    if (message.type === 'share') told.push(message.batch);
  }, 100);
  const guard = { extension: '1001', by: 'rule', evidence: '', since: 0, until: 9e15 } as const;
  const again = { ...guard, changedAt: 2000 };
  const lifted = [{ extension: '1001', at: 1000 }];
  const news = { what: 'guards', guards: [again], lifted } as const;
  expect(sharing.heard(news)).toEqual(news);
  sharing.tellAll([], [], [again]);
  await expect.poll(() => told).toHaveLength(1);
  sharing.close();
  expect(told[0]).toMatchObject({ upserts: [again], deletes: [] });
});

test('with all else what was taken back is told again, but not what is there again', async () => {
  const told: SharedBatch[] = [];
  const sharing: Sharing = new Sharing((message) => {
    if (message.type !== 'share') return;
    told.push(message.batch);
    queueMicrotask(() => sharing.taken(message.batch.kind, message.batch.batch));
  }, 100);
  sharing.removed(row);
  sharing.removed({ ...row, token: 'u' });
  sharing.saved({ ...row, token: 'u' });
  await expect.poll(() => told).toHaveLength(1);

  sharing.tellAll([], [], []);
  await expect.poll(() => told).toHaveLength(2);
  sharing.close();
  expect(told[0]).toMatchObject({ deletes: [{ token: 't' }], upserts: [{ token: 'u' }] });
  expect(told[1]).toMatchObject({ deletes: [{ token: 't' }], upserts: [] });
});

describe('at the end', () => {
  function lastWords(alone: boolean) {
    const told: FromDataPlane[] = [];
    const sharing = new Sharing((message) => told.push(message), 100);
    sharing.follow({ alone, nodes: [] });
    sharing.saved(row);
    sharing.liveChanged('1001', 0);
    sharing.note({ kind: 'pin-failed', key: 'k', at: 1 });
    return { told, sharing };
  }

  test('all that was not told yet is told at once, and waited for until the others can know it', async () => {
    const { told, sharing } = lastWords(false);
    let flushed = false;
    const flush = sharing.flush(10_000).then(() => {
      flushed = true;
    });
    expect(told).toMatchObject([
      { type: 'live', counts: [['1001', 0]] },
      { type: 'notes', notes: [{ key: 'k' }] },
      { type: 'share', batch: { kind: 'bindings', batch: 1, upserts: [row] } },
    ]);
    await sleep(20);
    expect(flushed).toBe(false);
    sharing.taken('bindings', 1);
    await flush;
    sharing.close();
  });

  test('nobody waits for a Redis that is gone, nor long for one that is slow', async () => {
    await lastWords(true).sharing.flush(10_000);
    await lastWords(false).sharing.flush(20);
  });
});
