import { expect, test } from 'vitest';
import { parseServers, readSystemServers } from './dns-servers.ts';

test('name servers are taken in order, the first three', () => {
  const text = `# a comment
nameserver 192.0.2.1
options timeout:1
  nameserver   2001:db8::1
nameserver fe80::1%eth0
nameserver 192.0.2.4
`;
  expect(parseServers(text).map(({ address }) => address)).toEqual([
    '192.0.2.1',
    '2001:db8::1',
    'fe80::1%eth0',
  ]);
  expect(parseServers(text)[0]?.port).toBe(53);
});

test('without one, this machine is asked', async () => {
  const local = [{ address: '127.0.0.1', port: 53 }];
  expect(parseServers('search example.test\nnameserver example.test\n')).toEqual(local);
  expect(await readSystemServers('/nowhere/resolv.conf')).toEqual(local);
});
