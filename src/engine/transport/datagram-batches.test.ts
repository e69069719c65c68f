import type { Socket } from 'node:dgram';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { aNetworkNamespace, mayMakeNetworks } from '../../../test/support/network-namespace.ts';
import { bindShared, descriptorOf } from './bound-socket.ts';
import type { DatagramBatches } from './datagram-batches.ts';
import { BATCH } from './datagram-batches.ts';
import { socketName } from './socket-name.ts';

/** With memory that nothing has been written to. */
async function fresh(): Promise<DatagramBatches> {
  vi.resetModules();
  const { batchesOfThread } = await import('./system-calls.ts');
  const silent = { info() {}, warn() {}, error() {} };
  return (await batchesOfThread(silent)) as DatagramBatches;
}

interface Bound {
  readonly socket: Socket;
  readonly descriptor: number;
  readonly address: string;
  readonly port: number;
}

const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

async function bound(address: string): Promise<Bound> {
  const socket = await bindShared({ address, port: 0 });
  open.push(socket);
  return { socket, descriptor: descriptorOf(socket) ?? -1, address, port: socket.address().port };
}

/** All of it in one turn: the event loop, which reads these sockets too, has none in between. */
function pass(batches: DatagramBatches, from: Bound, to: Bound, messages: readonly Buffer[]) {
  const { departing } = batches;
  departing.clear();
  for (const message of messages)
    departing.put(message.toString('latin1'), nameOf(to.address), to.port);
  return departing.send(from.descriptor, 0);
}

const nameOf = (address: string) => socketName(address) ?? 0;

/** What one call brought. */
const taken = ({ arrived, addresses }: DatagramBatches, at: Bound) =>
  Array.from({ length: arrived.take(at.descriptor) }, (_, index) => ({
    bytes: Buffer.from(arrived.bytes(index)),
    address: addresses.of(arrived, index),
    port: arrived.port(index),
    isFrom: (address: string) => arrived.isFrom(index, nameOf(address)),
  }));

const patterned = (length: number, seed: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 31 + seed) & 255));

describe.runIf(process.platform === 'linux')('many datagrams by one call', () => {
  test.each([
    ['127.0.0.1', '127.0.0.2'],
    ['::1', '::2'],
  ])(
    'go and come whole, each with its length and where it is from (%s)',
    async (address, other) => {
      const batches = await fresh();
      const [from, to] = [await bound(address), await bound(address)];
      const messages = [0, 1, 65_507, 0, 1200].map(patterned);
      expect(pass(batches, from, to, messages)).toBe(messages.length);
      const came = taken(batches, to);
      expect(came.map(({ bytes }) => bytes.equals(messages.shift() as Buffer))).toEqual(
        Array(5).fill(true),
      );
      for (const one of came) {
        expect(one).toMatchObject({ address, port: from.port });
        // an address of the other family is never the one, though its words may be
        const strange = address.includes(':') ? '0.0.0.0' : '::7f00:1';
        expect([address, other, strange].map(one.isFrom)).toEqual([true, false, false]);
      }
      expect(taken(batches, to)).toEqual([]);
    },
  );

  test.runIf(mayMakeNetworks)('go to and come from an address of many digits', async () => {
    const network = aNetworkNamespace();
    try {
      const batches = await fresh();
      const at = await bound(network.outside6(11));
      expect(pass(batches, at, at, [Buffer.from('x')])).toBe(1);
      // on a busy machine another thread of the system delivers it, a moment later
      const giveUpAt = performance.now() + 5000;
      let [came] = taken(batches, at);
      while (came === undefined && performance.now() < giveUpAt) [came] = taken(batches, at);
      expect(came).toMatchObject({ address: at.address, port: at.port });
      expect(came?.isFrom(at.address)).toBe(true);
      expect(came?.isFrom(network.outside6(12))).toBe(false);
    } finally {
      network.close();
    }
  });

  test('the longest there is fits', async () => {
    const batches = await fresh();
    const [from, to] = [await bound('::1'), await bound('::1')];
    const longest = patterned(65_527, 3);
    expect(pass(batches, from, to, [longest, Buffer.from('x')])).toBe(2);
    expect(taken(batches, to).map(({ bytes }) => bytes.length)).toEqual([65_527, 1]);
  });

  test('the sockets of a thread share them: an address of IPv6 is whole after those of IPv4', async () => {
    const batches = await fresh();
    const [four, six] = [await bound('127.0.0.1'), await bound('::1')];
    for (let times = 0; times < 2; times++) {
      pass(batches, four, four, Array(BATCH).fill(Buffer.from('four')));
      expect(taken(batches, four)).toHaveLength(BATCH);
      pass(batches, six, six, Array(BATCH).fill(Buffer.from('six')));
      const came = taken(batches, six);
      expect(came.map(({ address }) => address)).toEqual(Array(BATCH).fill('::1'));
      expect(came.every((one) => one.isFrom('::1'))).toBe(true);
    }
  });

  test('thousands come in the order in which they went, byte for byte', async () => {
    const batches = await fresh();
    const [from, to] = [await bound('127.0.0.1'), await bound('127.0.0.1')];
    const kept: Buffer[] = [];
    const came: Buffer[] = [];
    for (let sent = 0; sent < 5000; sent += 100) {
      const messages = Array.from({ length: 100 }, (_, at) => patterned(sent + at, sent + at));
      // no batch takes a hundred, and of the longer ones not so many
      for (let at = 0; at < messages.length; ) {
        const went = pass(batches, from, to, messages.slice(at));
        expect(went).toBeGreaterThan(0);
        at += went;
        came.push(...taken(batches, to).map(({ bytes }) => bytes));
      }
      kept.push(...messages);
    }
    expect(came).toHaveLength(kept.length);
    expect(came.every((bytes, at) => bytes.equals(kept[at] as Buffer))).toBe(true);
  });

  test('there is room for so many, and for so much', async () => {
    const { departing } = await fresh();
    const put = (bytes: number) => departing.put('x'.repeat(bytes), nameOf('127.0.0.1'), 9);
    departing.clear();
    expect(Array.from({ length: BATCH + 1 }, () => put(1)).lastIndexOf(true)).toBe(BATCH - 1);
    departing.clear();
    expect([put(BATCH * 2048 - 1), put(2), put(1)]).toEqual([true, false, true]);
    departing.clear();
    expect(put(BATCH * 2048 + 1)).toBe(false);
    expect(departing.put('x', nameOf('127.0.0.1'), 65_536)).toBe(false);
    expect(departing.send(0, 0)).toBe(0);
  });

  test('those after one that may not go can be sent from there on', async () => {
    const { departing, ...rest } = await fresh();
    const batches = { departing, ...rest };
    const [from, to] = [await bound('127.0.0.1'), await bound('127.0.0.1')];
    departing.clear();
    for (const [text, address] of [
      ['one', '127.0.0.1'],
      // from a loopback address nothing leaves the machine
      ['lost', '198.51.100.1'],
      ['two', '127.0.0.1'],
      ['three', '127.0.0.1'],
    ] as const)
      departing.put(text, nameOf(address), to.port);
    expect([0, 1, 2, 4].map((at) => departing.send(from.descriptor, at))).toEqual([1, 0, 2, 0]);
    expect(taken(batches, to).map(({ bytes }) => String(bytes))).toEqual(['one', 'two', 'three']);
  });

  test('a descriptor that is none brings nothing, and takes nothing', async () => {
    const batches = await fresh();
    const to = await bound('127.0.0.1');
    const none = { ...to, descriptor: 99_999 };
    expect(pass(batches, none, to, [Buffer.from('x')])).toBe(0);
    expect(batches.arrived.take(none.descriptor)).toBe(0);
  });

  test('each of many sources has its own address, wherever its text is remembered', async () => {
    const batches = await fresh();
    const to = await bound('127.0.0.1');
    const sources: Bound[] = [];
    // all of them have the same place
    for (let one = 0; one < 8; one++) sources.push(await bound(`127.0.${one}.${one}`));
    const expected: string[] = [];
    for (let round = 0; round < 3; round++)
      for (const source of sources) {
        pass(batches, source, to, [Buffer.from('x')]);
        expected.push(source.address);
      }
    expect(taken(batches, to).map(({ address }) => address)).toEqual(expected);
  });
});
