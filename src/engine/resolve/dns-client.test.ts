import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { encode } from 'dns-packet';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type NameServer, startDnsmasq } from '../../../test/support/dnsmasq.ts';
import { createDnsClient } from './dns-client.ts';
import type { DnsServer } from './dns-servers.ts';

let dns: NameServer;
beforeAll(async () => {
  const many = Array.from(
    { length: 60 },
    (_, n) => `--srv-host=_sip._udp.many.test,n${n}.test,5060`,
  );
  dns = await startDnsmasq([
    '--host-record=pbx.test,192.0.2.1,2001:db8::1,77',
    '--srv-host=_sip._udp.example.test,pbx.test,5080,10,5',
    '--naptr-record=example.test,10,50,s,SIP+D2U,,_sip._udp.example.test',
    '--cname=alias.test,pbx.test,33',
    ...many,
  ]);
});
afterAll(() => dns.stop());

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});
/** A peer that answers a query, or anything else it likes, with these datagrams. */
async function peer(answers: (query: Buffer) => Buffer[]): Promise<DnsServer> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.on('message', (query, { port, address }) => {
    for (const answer of answers(query)) socket.send(answer, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { address: '127.0.0.1', port: socket.address().port };
}
const silent = () => peer(() => []);
const client = (servers: readonly DnsServer[], timeoutMs = 200) =>
  createDnsClient({ servers: () => servers, timeoutMs });

test('every kind of record comes with the TTL the server gave it', async () => {
  const { query } = client([dns], 2000);
  expect(await query('pbx.test', 'A')).toEqual({ records: ['192.0.2.1'], ttlSeconds: 77 });
  expect(await query('pbx.test', 'AAAA')).toEqual({ records: ['2001:db8::1'], ttlSeconds: 77 });
  expect((await query('_sip._udp.example.test', 'SRV')).records).toEqual([
    { priority: 10, weight: 5, port: 5080, target: 'pbx.test' },
  ]);
  expect((await query('example.test', 'NAPTR')).records).toEqual([
    {
      order: 10,
      preference: 50,
      flags: 's',
      service: 'SIP+D2U',
      regexp: '',
      replacement: '_sip._udp.example.test',
    },
  ]);
});

test('aliases are followed', async () => {
  expect(await client([dns], 2000).query('alias.test', 'A')).toEqual({
    records: ['192.0.2.1'],
    ttlSeconds: 33,
  });
});

test('that there is none is an answer', async () => {
  expect(await client([dns], 2000).query('none.test', 'A')).toMatchObject({ records: [] });
  expect(await client([dns], 2000).query('pbx.test', 'SRV')).toMatchObject({ records: [] });
});

test('an answer too large for a datagram is fetched over TCP', async () => {
  const { records } = await client([dns], 2000).query('_sip._udp.many.test', 'SRV');
  expect(records).toHaveLength(60);
});

test('a server that is silent, gone or refuses costs its time, then the next is asked', async () => {
  const gone = await silent();
  const refusing = await peer((query) => {
    const answer = Buffer.from(query);
    answer.writeUInt16BE(0x8105, 2);
    return [answer];
  });
  sockets.shift()?.close();
  const { query } = client([gone, await silent(), refusing, dns], 1000);
  expect((await query('pbx.test', 'A')).records).toEqual(['192.0.2.1']);

  const again = performance.now();
  await query('pbx.test', 'A');
  expect(performance.now() - again, 'the one that answered is asked first').toBeLessThan(900);
});

test('when none answers, the error says who was asked and what came of it', async () => {
  const server = await silent();
  await expect(client([server], 50).query('pbx.test', 'A')).rejects.toThrow(
    'no DNS server answered for A pbx.test: 127.0.0.1 timed out',
  );
});

test('strays and forgeries are passed over and the answer is still taken', async () => {
  const answer = (id: number, name: string, data: string) =>
    encode({
      type: 'response',
      id,
      questions: [{ type: 'A', name }],
      answers: [{ type: 'A', name, data, ttl: 60 }],
    });
  const server = await peer((query) => {
    const id = query.readUInt16BE(0);
    return [
      Buffer.from('what?'),
      answer(id ^ 1, 'pbx.test', '203.0.113.1'),
      answer(id, 'other.test', '203.0.113.2'),
      answer(id, 'pbx.test', '192.0.2.1'),
    ];
  });
  expect((await client([server]).query('pbx.test', 'A')).records).toEqual(['192.0.2.1']);
});

test('each query has its own port and id', async () => {
  const seen = new Set<string>();
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.on('message', (query, { port, address }) => {
    seen.add(`${port} ${query.readUInt16BE(0)}`);
    const answer = Buffer.from(query);
    answer.writeUInt16BE(0x8180, 2);
    socket.send(answer, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { query } = client([{ address: '127.0.0.1', port: socket.address().port }], 2000);
  await Promise.all(Array.from({ length: 20 }, () => query('pbx.test', 'A')));
  expect(new Set([...seen].map((pair) => pair.split(' ')[0])).size).toBe(20);
  expect(new Set([...seen].map((pair) => pair.split(' ')[1])).size).toBeGreaterThan(15);
});

test('a name that cannot be asked for is an error, not a crash', async () => {
  await expect(client([dns]).query(`${'x'.repeat(300)}.test`, 'A')).rejects.toThrow();
});
