import type { Buffer } from 'node:buffer';
import { addressText, IPV4, IPV6, type SocketName } from './socket-name.ts';

/** So many in one call of the system: each has room for the longest datagram kept for it. */
export const BATCH = 64;

/**
 * Memory that the system fills and reads: BATCH times `struct mmsghdr` as Linux has it on machines of 64 bits, then as
 * many `struct iovec`, as many socket names, and the bytes of the datagrams.
 */
const HEADER_BYTES = 64;
const VECTOR_BYTES = 16;
const NAME_BYTES = 32;
const VECTORS = BATCH * HEADER_BYTES;
const NAMES = VECTORS + BATCH * VECTOR_BYTES;
const DATA = NAMES + BATCH * NAME_BYTES;

/** In words of 32 bits from where each begins. */
const WORDS_OF_HEADER = HEADER_BYTES / 4;
const WORDS_OF_VECTOR = VECTOR_BYTES / 4;
const WORDS_OF_NAME = NAME_BYTES / 4;
const NAME_LENGTH_AT = 2;
const LENGTH_AT = 14;
const FIRST_VECTOR = VECTORS / 4;
const FIRST_NAME = NAMES / 4;

const HIGHEST_PORT = 65_535;
const IPV4_NAME_BYTES = 16;
const IPV6_NAME_BYTES = 28;

/** What the system is asked for: neither waits, and both say how many it was, or -1. `headers` is an address. */
export interface SystemCalls {
  receive(descriptor: number, headers: bigint, count: number): number;
  send(descriptor: number, headers: bigint, count: number): number;
  /** Memory of the process, all zero, that stays where it is for as long as the process lives. */
  memory(bytes: number): { readonly address: bigint; readonly bytes: Buffer };
}

class Table {
  /** Where each header is. */
  readonly headers: readonly bigint[];
  readonly bytes: Buffer;
  readonly words: Int32Array;
  /** Where the bytes of datagrams begin; the addresses of a process are far below what a number holds exactly. */
  readonly #data: number;

  constructor(calls: SystemCalls, dataBytes: number) {
    const { address, bytes } = calls.memory(DATA + dataBytes);
    this.headers = Array.from({ length: BATCH }, (_, at) => address + BigInt(at * HEADER_BYTES));
    this.bytes = bytes;
    this.#data = Number(address) + DATA;
    this.words = new Int32Array(bytes.buffer, bytes.byteOffset, DATA / 4);
    for (let index = 0; index < BATCH; index++) {
      const header = index * HEADER_BYTES;
      const vector = VECTORS + index * VECTOR_BYTES;
      bytes.writeBigUInt64LE(address + BigInt(NAMES + index * NAME_BYTES), header);
      bytes.writeBigUInt64LE(address + BigInt(vector), header + 16);
      bytes.writeBigUInt64LE(1n, header + 24);
      this.setNameLength(index, IPV6_NAME_BYTES);
    }
  }

  /** The room for a name, or how much of it is one. */
  setNameLength(index: number, length: number): void {
    this.words[index * WORDS_OF_HEADER + NAME_LENGTH_AT] = length;
  }

  /** Where the bytes of a datagram are, and how many they may be or are. */
  place(index: number, offset: number, length: number): void {
    const vector = FIRST_VECTOR + index * WORDS_OF_VECTOR;
    const address = this.#data + offset;
    this.words[vector] = address;
    this.words[vector + 1] = Math.floor(address / 2 ** 32);
    this.words[vector + 2] = length;
  }
}

/** Longer than any datagram; the odd rest keeps those of one batch from falling together in the processor's caches. */
const ROOM = 65_536 + 1088;

/** What one call of the system took off a socket, until the next one. */
export class ArrivedDatagrams {
  readonly #calls: SystemCalls;
  readonly #table: Table;
  readonly #bytes: Buffer;
  readonly #words: Int32Array;

  constructor(calls: SystemCalls) {
    this.#calls = calls;
    this.#table = new Table(calls, BATCH * ROOM);
    this.#bytes = this.#table.bytes;
    this.#words = this.#table.words;
    for (let index = 0; index < BATCH; index++) this.#table.place(index, index * ROOM, ROOM);
  }

  /** How many there were: none, where the socket is empty or cannot be read. */
  take(descriptor: number): number {
    const count = this.#calls.receive(descriptor, this.#table.headers[0] ?? 0n, BATCH);
    // the system has put how long the names are in place of the room for them, which those of IPv6 need whole
    for (let index = 0; index < count; index++) this.#table.setNameLength(index, IPV6_NAME_BYTES);
    return Math.max(0, count);
  }

  length(index: number): number {
    return this.#words[index * WORDS_OF_HEADER + LENGTH_AT] ?? 0;
  }

  /** Its bytes, where they are: they are others after the next call. */
  bytes(index: number): Buffer {
    const start = DATA + index * ROOM;
    return this.#bytes.subarray(start, start + this.length(index));
  }

  port(index: number): number {
    const at = NAMES + index * NAME_BYTES + 2;
    return ((this.#bytes[at] ?? 0) << 8) | (this.#bytes[at + 1] ?? 0);
  }

  /** The `SocketName` of an IPv4 address; zero, of any other. */
  ipv4(index: number): number {
    const name = FIRST_NAME + index * WORDS_OF_NAME;
    return ((this.#words[name] ?? 0) & 0xffff) === IPV4 ? (this.#words[name + 1] ?? 0) : 0;
  }

  /** Does it come from this address? */
  isFrom(index: number, source: SocketName): boolean {
    const name = FIRST_NAME + index * WORDS_OF_NAME;
    const words = this.#words;
    const family = (words[name] ?? 0) & 0xffff;
    if (typeof source === 'number') return family === IPV4 && words[name + 1] === source;
    return (
      family === IPV6 &&
      words[name + 2] === source[0] &&
      words[name + 3] === source[1] &&
      words[name + 4] === source[2] &&
      words[name + 5] === source[3]
    );
  }

  address(index: number): string {
    const name = NAMES + index * NAME_BYTES;
    return addressText(this.#bytes.subarray(name, name + NAME_BYTES));
  }
}

/** Room for as many as go out in one batch, as they usually are: one that is longer goes out alone. */
const DEPARTING_BYTES = BATCH * 2048;

/** What goes out by one call of the system. */
export class DepartingDatagrams {
  readonly #calls: SystemCalls;
  readonly #table: Table;
  readonly #words: Int32Array;
  /** So many were put here. */
  #count = 0;
  #used = 0;

  constructor(calls: SystemCalls) {
    this.#calls = calls;
    this.#table = new Table(calls, DEPARTING_BYTES);
    this.#words = this.#table.words;
  }

  /** Whether there was room for it. What is no port is the socket's to refuse. */
  put(message: string, to: SocketName, port: number): boolean {
    const { length } = message;
    const index = this.#count;
    const hasRoom = index < BATCH && this.#used + length <= DEPARTING_BYTES;
    if (!hasRoom || port > HIGHEST_PORT) return false;
    this.#table.bytes.write(message, DATA + this.#used, 'latin1');
    this.#table.place(index, this.#used, length);
    this.#address(index, to, port);
    this.#used += length;
    this.#count = index + 1;
    return true;
  }

  #address(index: number, to: SocketName, port: number): void {
    const words = this.#words;
    const name = FIRST_NAME + index * WORDS_OF_NAME;
    const portInNetworkOrder = ((port & 255) << 24) | ((port >>> 8) << 16);
    const isIpv4 = typeof to === 'number';
    this.#table.setNameLength(index, isIpv4 ? IPV4_NAME_BYTES : IPV6_NAME_BYTES);
    words[name] = portInNetworkOrder | (isIpv4 ? IPV4 : IPV6);
    if (isIpv4) {
      words[name + 1] = to;
      return;
    }
    words[name + 1] = 0; // of no flow
    words[name + 2] = to[0];
    words[name + 3] = to[1];
    words[name + 4] = to[2];
    words[name + 5] = to[3];
    words[name + 6] = 0; // of no interface: those with one are no `SocketName`
  }

  /** How many went out of those that were put here, the first of those from there on. The next one was not sent. */
  send(descriptor: number, from: number): number {
    const header = this.#table.headers[from];
    if (header === undefined || from >= this.#count) return 0;
    return Math.max(0, this.#calls.send(descriptor, header, this.#count - from));
  }

  clear(): void {
    this.#count = 0;
    this.#used = 0;
  }
}

/** A power of two. */
const RECENT_ADDRESSES = 4096;

/** The texts of the addresses that were heard last: whoever floods is not spelled out for each datagram. */
export class RecentAddresses {
  readonly #names = new Int32Array(RECENT_ADDRESSES);
  readonly #texts: string[] = new Array(RECENT_ADDRESSES).fill('');

  of(arrived: ArrivedDatagrams, index: number): string {
    const word = arrived.ipv4(index);
    if (word === 0) return arrived.address(index);
    const place = (word ^ (word >>> 12) ^ (word >>> 20)) & (RECENT_ADDRESSES - 1);
    if (this.#names[place] === word) return this.#texts[place] ?? '';
    const text = arrived.address(index);
    this.#names[place] = word;
    this.#texts[place] = text;
    return text;
  }
}

/** What all sockets of a thread share: each is done with it before the next one begins. */
export interface DatagramBatches {
  readonly arrived: ArrivedDatagrams;
  readonly departing: DepartingDatagrams;
  readonly addresses: RecentAddresses;
}

export const datagramBatches = (calls: SystemCalls): DatagramBatches => ({
  arrived: new ArrivedDatagrams(calls),
  departing: new DepartingDatagrams(calls),
  addresses: new RecentAddresses(),
});
