import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import {
  type OpenTransports,
  openTransports,
  type Wish,
} from '../../../test/support/open-transports.ts';
import { bindShared } from './bound-socket.ts';
import { FloodLanes } from './flood-lanes.ts';

/** Another address of this machine, of which there is no more in IPv6 than the one. */
const FLOODER = '127.0.0.66';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function serving(wish: Wish): Promise<OpenTransports> {
  const open = await openTransports({ listen: ['udp'], ...wish });
  undo.push(() => open.close());
  return open;
}

async function aPeer(address: string): Promise<Socket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  undo.push(() => socket.close());
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}

/** So many, as fast as they go, but with time for whoever reads them to do so. */
async function flood(
  from: Socket,
  to: OpenTransports,
  datagrams: number,
  at = from.address().address === '::1' ? '::1' : '127.0.0.1',
): Promise<void> {
  for (let sent = 0; sent < datagrams; sent++) {
    from.send('flood', to.port('udp'), at);
    if (sent % 100 === 99) await sleep(0);
  }
}

/** For as long as it is not stopped. */
function floodOn(from: Socket, to: OpenTransports, at?: string): () => Promise<void> {
  let goesOn = true;
  const flooding = (async () => {
    while (goesOn) await flood(from, to, 100, at);
  })();
  const stop = () => {
    goesOn = false;
    return flooding;
  };
  undo.push(stop);
  return stop;
}

/** Lanes beside a socket of which nobody reads, for whatever is said to be refused. */
async function lanesAlone() {
  const socket = await bindShared({ address: '127.0.0.1', port: 0 });
  undo.push(() => socket.close());
  const said: { text: string; why: unknown }[] = [];
  const note = (fields: object, text: string) =>
    said.push({ text, why: 'why' in fields ? fields.why : undefined });
  const lanes = new FloodLanes({
    listener: socket.address(),
    isShutOut: () => true,
    received() {},
    log: { info: note, warn: note, error: note },
  });
  undo.push(() => lanes.close());
  return { lanes, said };
}

/** Somebody all of whose datagrams are refused until he is let in, before sockets that are open. */
async function aShutOut(wish: Wish = {}, address = FLOODER) {
  let isIn = false;
  const counted = { refused: 0 };
  const flooder = await aPeer(address);
  const { port } = flooder.address();
  const isShutOut = (_listener: unknown, _address: string, from: number) => from === port && !isIn;
  const open = await serving({
    ...wish,
    isShutOut,
    admits(listener, from, fromPort) {
      const refuses = isShutOut(listener, from, fromPort);
      if (refuses) counted.refused++;
      return !refuses;
    },
  });
  const letIn = () => {
    isIn = true;
  };
  return { open, flooder, counted, letIn };
}

describe('a blocked source that floods', () => {
  test.each([
    [FLOODER, '127.0.0.1'],
    ['::1', '::1'],
  ])('%s takes the room of nobody', async (flooding, honest) => {
    const listen = [{ transport: 'udp', address: honest }] as const;
    const { open, flooder, counted } = await aShutOut({ listen }, flooding);
    const phone = await aPeer(honest);
    const inherited = open.transports.descriptors();
    await flood(flooder, open, 1500);
    await eventually(() => open.transports.floodLanes === 1, 'a lane');
    expect(open.transports.descriptors()).toEqual(inherited);

    await sleep(50); // what came before it is read
    counted.refused = 0;
    // all of these are in the system's hands before any is read
    for (let sent = 0; sent < 1000; sent++) flooder.send('flood', open.port('udp'), honest);
    for (let sent = 0; sent < 100; sent++) phone.send(`call ${sent}`, open.port('udp'), honest);
    await eventually(() => open.messages.length === 100, 'heard');
    await sleep(50);
    expect(counted.refused).toBeLessThan(100);
    expect(open.transports.datagramsDropped()).toBe(0);
  });

  test('is heard as soon as he is unblocked, and has no queue of his own when he is quiet', async () => {
    const { open, flooder, letIn } = await aShutOut();
    await flood(flooder, open, 1500);
    await eventually(() => open.transports.floodLanes === 1, 'a lane');

    await sleep(50);
    letIn();
    flooder.send('now I am good', open.port('udp'), '127.0.0.1');
    await eventually(() => open.messages.length === 1, 'heard');
    await eventually(() => open.transports.floodLanes === 0, 'none');
    flooder.send('and still am', open.port('udp'), '127.0.0.1');
    await eventually(() => open.messages.length === 2, 'heard');
  });

  test('who is refused but not blocked has no lane, nor has who is slow', async () => {
    let blocked = false;
    let peer: Socket | undefined;
    const open = await serving({
      admits: () => false,
      isShutOut: () => blocked,
    });
    peer = await aPeer(FLOODER);
    await flood(peer, open, 2500);
    await sleep(50);
    expect(open.transports.floodLanes).toBe(0);

    blocked = true;
    peer = await aPeer(FLOODER);
    await flood(peer, open, 500);
    await sleep(1100);
    await flood(peer, open, 500);
    await sleep(50);
    expect(open.transports.floodLanes).toBe(0);
  });

  test('and is let in again is heard in full soon, though he sends on as fast', async () => {
    const { open, flooder, letIn } = await aShutOut();
    floodOn(flooder, open);
    await eventually(() => open.transports.floodLanes === 1, 'a lane');
    letIn();
    await eventually(() => open.transports.floodLanes === 0, 'none');
    await sleep(100);
    expect(open.transports.floodLanes).toBe(0);
  });

  test('anew has a lane at once', async () => {
    const { open, flooder } = await aShutOut();
    const stop = floodOn(flooder, open);
    await eventually(() => open.transports.floodLanes === 1, 'a lane');
    await sleep(1200);
    await stop();
    await eventually(() => open.transports.floodLanes === 0, 'none');
    await flood(flooder, open, 1500);
    await eventually(() => open.transports.floodLanes === 1, 'a lane');
    expect(open.log.filter(({ level }) => level === 'warn')).toEqual([]);
  }, 15_000);

  test('another address than the one that answers him has no lane for long, and it is said', async () => {
    const listen = [{ transport: 'udp', address: '0.0.0.0' }] as const;
    const { open, flooder } = await aShutOut({ listen });
    floodOn(flooder, open, '127.0.0.5');
    await eventually(() => open.transports.floodLanes === 1, 'a lane');
    await eventually(() => open.transports.floodLanes === 0, 'none');
    await sleep(200);
    expect(open.transports.floodLanes).toBe(0);
    expect(open.log.filter(({ level }) => level === 'warn')).toEqual([
      expect.objectContaining({ text: expect.stringContaining('gets no queue of its own') }),
    ]);
  });

  test('from two addresses in turn, or from two ports, has a lane for each', async () => {
    const { lanes } = await lanesAlone();
    for (let refused = 0; refused < 1000; refused++) {
      lanes.refused('127.0.0.66', 5060);
      lanes.refused('127.0.0.67', 5060);
      lanes.refused('127.0.0.67', 5060 + 256);
    }
    await eventually(() => lanes.size === 3, 'lanes');
  });

  test('among many who send little has a lane', async () => {
    const { lanes } = await lanesAlone();
    for (let refused = 0; refused < 20_000; refused++) {
      lanes.refused(`127.1.${refused & 255}.${refused >> 8}`, 5060);
      if (refused % 10 === 0) lanes.refused(FLOODER, 5060);
    }
    await eventually(() => lanes.size === 1, 'a lane');
  });

  test('has a lane at once, though he sent a little before', async () => {
    const { lanes } = await lanesAlone();
    for (let refused = 0; refused < 250; refused++) lanes.refused(FLOODER, 5060);
    await sleep(1050);
    for (let refused = 0; refused < 1100; refused++) lanes.refused(FLOODER, 5060);
    await eventually(() => lanes.size === 1, 'a lane');
  });

  test('where nobody can be answered has none, and is not tried again and again', async () => {
    const { lanes, said } = await lanesAlone();
    for (let round = 0; round < 3; round++) {
      for (let refused = 0; refused < 1000; refused++) lanes.refused('255.255.255.255', 5060);
      await sleep(20);
    }
    expect(lanes.size).toBe(0);
    expect(said).toEqual([
      {
        text: expect.stringContaining('gets no queue of its own'),
        why: expect.stringContaining('EACCES'),
      },
    ]);
    // another has his
    for (let refused = 0; refused < 1000; refused++) lanes.refused(FLOODER, 5060);
    await eventually(() => lanes.size === 1, 'a lane');
  });

  test('lanes are few, however many ports flood', async () => {
    const { lanes } = await lanesAlone();
    for (let port = 20_000; port < 20_080; port++)
      for (let refused = 0; refused < 1000; refused++) lanes.refused(FLOODER, port);
    await eventually(() => lanes.size === 64, 'lanes');
    await sleep(50);
    expect(lanes.size).toBe(64);
    lanes.close();
    expect(lanes.size).toBe(0);
  });

  test('where the port cannot be shared it is said once, and all goes on', async () => {
    const socket = createSocket('udp4');
    undo.push(() => socket.close());
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const said: string[] = [];
    const lanes = new FloodLanes({
      listener: socket.address(),
      isShutOut: () => true,
      received() {},
      log: { info() {}, warn: (_fields, text) => said.push(text), error() {} },
    });
    for (let round = 0; round < 3; round++) {
      for (let refused = 0; refused < 1000; refused++) lanes.refused(FLOODER, 20_000);
      await sleep(20);
    }
    expect(said).toEqual([expect.stringContaining('gets no queue of its own')]);
    expect(lanes.size).toBe(0);
  });
});
