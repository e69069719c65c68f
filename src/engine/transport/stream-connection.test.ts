import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { aMessage } from '../../../test/support/open-transports.ts';
import { Connections } from './connections.ts';
import { StreamConnection } from './stream-connection.ts';
import type { TransportContext } from './transport-context.ts';
import { Turns } from './turns.ts';

/** How many messages are heard before others have their turn, of so many that come in one piece. */
function heardAtOnce(realm: 'access' | 'core' | 'trunk', count: number): number {
  let heard = 0;
  const context = {
    events: { realmOf: () => realm, message: () => heard++ },
    connections: new Connections(),
    turns: new Turns(),
    settings: { messageBytes: 65_535 },
  } as unknown as TransportContext;
  const socket = Object.assign(new EventEmitter(), { pause() {}, resume() {} });
  new StreamConnection(
    context,
    { listener: { transport: 'tcp' }, address: '127.0.0.1', port: 5060 } as never,
    socket as unknown as Socket,
  );
  socket.emit('data', Buffer.from(aMessage().repeat(count)));
  return heard;
}

const most = (bytes: number) => Math.floor(bytes / aMessage().length);

test('a phone has its share of a turn', () => {
  expect(heardAtOnce('access', 5000)).toBe(most(16_384));
});

test.each(['core', 'trunk'] as const)(
  'whoever answers all phones is read like a socket of UDP: %s',
  (realm) => {
    expect(heardAtOnce(realm, 5000)).toBe(5000);
    expect(heardAtOnce(realm, 20_000)).toBe(most(512 * 1024));
  },
);
