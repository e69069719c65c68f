import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { type Background, startBackground } from './background-process.ts';

export interface NameServer {
  readonly address: string;
  readonly port: number;
  /** The questions it was asked until now, `A phone.test`, in order. */
  asked(): Promise<string[]>;
  stop(): Promise<void>;
}

const ADDRESS = '127.0.0.1';

/**
 * A real DNS server that knows what the options say (`--host-record=…`, `--srv-host=…`, `--naptr-record=…`) and
 * that nothing else exists below `.test`; anything else it refuses.
 */
export async function startDnsmasq(records: readonly string[], port?: number): Promise<NameServer> {
  const own = port ?? (await freePort());
  const process_ = startBackground(
    'dnsmasq',
    'dnsmasq',
    [
      '--no-daemon',
      '--conf-file=/dev/null',
      '--pid-file=',
      '--no-resolv',
      '--no-hosts',
      '--log-queries',
      '--log-facility=-',
      '--bind-interfaces',
      `--listen-address=${ADDRESS}`,
      `--port=${own}`,
      '--local=/test/',
      ...records,
    ],
    { environment: { PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` } },
  );
  try {
    await process_.prints('started, version');
  } catch (problem) {
    if (process_.output().includes('ENOENT'))
      throw new Error('dnsmasq is not installed: apt-get install dnsmasq-base', { cause: problem });
    throw problem;
  }
  return {
    address: ADDRESS,
    port: own,
    asked: () => questions(process_, own),
    stop: process_.kill,
  };
}

let marks = 0;

/** Its log comes through a pipe, later than its answers: a question of our own marks the end of what to wait for. */
async function questions(server: Background, port: number): Promise<string[]> {
  const mark = `mark-${marks++}.test`;
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  resolver.setServers([`${ADDRESS}:${port}`]);
  await resolver.resolve4(mark).catch(() => {}); // there is none, of course
  await server.prints(`query[A] ${mark}`);
  return [...server.output().matchAll(/query\[(\w+)\] (\S+) from/g)]
    .map(([, kind, name]) => `${kind} ${name}`)
    .filter((question) => !question.includes(' mark-'));
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, ADDRESS);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}
