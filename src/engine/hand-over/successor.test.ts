import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Channel } from '../transport/transports.ts';
import { apart, frameReader } from './frames.ts';
import { Successor } from './successor.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'successor-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const channel = { token: 'a-token', reliable: false, certificateNames: [] } as unknown as Channel;

/** Another process's end, which closes its side when it is told that no more comes. */
async function met(lost: () => void = () => {}) {
  const path = join(folder, 'link');
  const came = Promise.withResolvers<void>();
  const successor = await Successor.expect(path, {
    channelFrom: () => 'stale',
    came: came.resolve,
    lost,
  });
  const other = connect(path);
  const heard: string[] = [];
  other.on(
    'data',
    frameReader(({ kind, content }) => {
      heard.push(kind === 'message' ? apart(content).wire.toString() : kind);
      if (kind === 'last') other.end();
    }),
  );
  await came.promise;
  return { successor, other, heard };
}

describe('the gate that takes our place', () => {
  test('is given what we had read when it began to read itself, to the last', async () => {
    const { successor, other, heard } = await met();
    const closed = once(other, 'close');
    successor.pass('before', channel);
    await successor.taken();
    successor.pass('read before that', channel);
    await successor.close();
    await closed;
    expect(heard).toEqual(['before', 'last', 'read before that']);
  });

  test('is lost when it ends before it was told to', async () => {
    const lost = Promise.withResolvers<void>();
    const { successor, other } = await met(lost.resolve);
    other.end();
    await lost.promise;
    await successor.taken();
    await successor.close();
  });
});
