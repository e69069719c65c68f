import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import type { DnsServer } from './dns-servers.ts';
import { explainDnsFailure, tellDnsFailures } from './explain-dns-failure.ts';
import { createResolver } from './resolver.ts';

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

/** A name server that never answers. */
async function silent(): Promise<DnsServer> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'listening');
  return { address: '127.0.0.1', port: socket.address().port };
}

async function saidOf(...servers: DnsServer[]): Promise<string> {
  const failures: unknown[] = [];
  const { resolve } = createResolver({
    servers,
    timeoutMs: 30,
    hosts: async () => new Map(),
    onFailure: (problem) => failures.push(problem),
  });
  expect(await resolve({ host: 'pbx.test', port: 5060, secure: false })).toEqual([]);
  return explainDnsFailure(failures[0]);
}

test('the server is named, and what happens meanwhile', async () => {
  const server = await silent();
  expect(await saidOf(server)).toBe(
    `the DNS server 127.0.0.1#${server.port} gives no answer: names keep the addresses they had for up to an ` +
      'hour, one that was never looked up leads nowhere; asked again in 5 s',
  );
});

test('so are several', async () => {
  const [one, two] = [await silent(), await silent()];
  expect(await saidOf(one, two)).toMatch(
    `the DNS servers 127.0.0.1#${one.port}, 127.0.0.1#${two.port} give no answer: `,
  );
});

test('where the system was asked, it is the system', () => {
  expect(explainDnsFailure(new Error('the system did not answer in time'))).toMatch(
    /^the system's name service gives no answer: /,
  );
});

test('it is said once a minute, and how many questions had no answer since', () => {
  let now = 0;
  const lines: string[] = [];
  const failed = tellDnsFailures(
    ({ err, questions }) => lines.push(`${err} ${questions}`),
    () => now,
  );
  for (const record of ['NAPTR', 'SRV', 'A']) failed(record);
  expect(lines).toEqual(['NAPTR 1']);
  now = 59_999;
  failed('SRV');
  now = 60_000;
  failed('A');
  expect(lines).toEqual(['NAPTR 1', 'A 4']);
});
