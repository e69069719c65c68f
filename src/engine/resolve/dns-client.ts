import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createConnection, isIPv6 } from 'node:net';
import { reasonOf } from '../../config/reason-of.ts';
import {
  type DnsAnswer,
  formatQuery,
  type Reading,
  type RecordKind,
  readAnswer,
} from './dns-message.ts';
import type { DnsServer } from './dns-servers.ts';

export interface DnsClient {
  /** Rejects when no server gave an answer; "there is none" is an answer, without records. */
  query<Kind extends RecordKind>(name: string, kind: Kind): Promise<DnsAnswer<Kind>>;
}

export interface DnsClientOptions {
  /** Asked for before each query, so that a changed list is noticed. */
  readonly servers: () => readonly DnsServer[] | Promise<readonly DnsServer[]>;
  /** How long one server is given for one try. */
  readonly timeoutMs?: number;
}

/** Every server was asked, and none gave an answer. */
export class NoDnsAnswer extends Error {
  readonly servers: readonly string[];

  constructor(message: string, servers: readonly DnsServer[]) {
    super(message);
    this.servers = servers.map(({ address, port }) =>
      port === 53 ? address : `${address}#${port}`,
    );
  }
}

const LONGEST_ANSWER = 65_535;
/** How often the whole list is gone through. */
const ROUNDS = 2;

/**
 * A stub resolver: it asks the given servers in turn and believes the first that answers. Node's own keeps the
 * TTL of SRV and NAPTR records to itself, and the cache wants to keep what it is told.
 *
 * Each query has its own socket, so its own random port, and a random id; both must match (RFC 5452).
 */
export function createDnsClient(options: DnsClientOptions): DnsClient {
  const { timeoutMs = 1500 } = options;
  /** The server that answered last is asked first, so that a dead one costs its time-out once, not always. */
  let favourite = 0;

  return {
    async query(name, kind) {
      const servers = await options.servers();
      const problems: string[] = [];
      for (let attempt = 0; attempt < ROUNDS * servers.length; attempt++) {
        const which = (favourite + attempt) % servers.length;
        const server = servers[which];
        if (server === undefined) continue;
        try {
          const reading = await ask(server, name, kind, timeoutMs);
          if (reading.kind === 'answer') {
            favourite = which;
            return reading.answer;
          }
          problems.push(`${server.address} refused (code ${codeOf(reading)})`);
        } catch (problem) {
          problems.push(`${server.address} ${reasonOf(problem)}`);
        }
      }
      const said = [...new Set(problems)].join(', ') || 'no server is configured';
      throw new NoDnsAnswer(`no DNS server answered for ${kind} ${name}: ${said}`, servers);
    },
  };
}

const codeOf = (reading: Reading<RecordKind>): number | string =>
  reading.kind === 'refused' ? reading.code : reading.kind;

async function ask<Kind extends RecordKind>(
  server: DnsServer,
  name: string,
  kind: Kind,
  timeoutMs: number,
): Promise<Reading<Kind>> {
  const id = randomInt(0x10000);
  const query = formatQuery(id, name, kind);
  const read = (message: Buffer) => readAnswer(message, id, name, kind);
  const reading = await askOverUdp(server, query, read, timeoutMs);
  return reading.kind === 'truncated' ? askOverTcp(server, query, read, timeoutMs) : reading;
}

function askOverUdp<Kind extends RecordKind>(
  server: DnsServer,
  query: Buffer,
  read: (message: Buffer) => Reading<Kind>,
  timeoutMs: number,
): Promise<Reading<Kind>> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(server.address.replace(/%.*$/, '')) ? 'udp6' : 'udp4');
    const timer = setTimeout(() => fail(new Error('timed out')), timeoutMs);
    const finish = () => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => {}); // what a closing socket still has to say
      socket.close();
    };
    const fail = (problem: Error) => {
      finish();
      reject(problem);
    };
    socket.on('error', fail);
    socket.on('message', (message) => {
      const reading = read(message);
      if (reading.kind === 'unrelated') return; // the right one may still come
      finish();
      resolve(reading);
    });
    socket.on('connect', () => socket.send(query, (problem) => problem && fail(problem)));
    socket.connect(server.port, server.address);
  });
}

function askOverTcp<Kind extends RecordKind>(
  server: DnsServer,
  query: Buffer,
  read: (message: Buffer) => Reading<Kind>,
  timeoutMs: number,
): Promise<Reading<Kind>> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port: server.port, host: server.address });
    const timer = setTimeout(() => socket.destroy(new Error('timed out')), timeoutMs);
    let received: Buffer = Buffer.alloc(0);
    socket.on('connect', () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(query.length);
      socket.write(Buffer.concat([length, query]));
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const length = received.length < 2 ? LONGEST_ANSWER : received.readUInt16BE(0);
      if (received.length < 2 + length) return;
      const reading = read(received.subarray(2, 2 + length));
      if (reading.kind === 'unrelated') socket.destroy(new Error('answered something else'));
      else {
        resolve(reading);
        socket.destroy();
      }
    });
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      reject(new Error('hung up')); // no effect once it was resolved
    });
  });
}
