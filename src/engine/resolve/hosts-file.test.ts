import { expect, test } from 'vitest';
import { parseHosts, readHosts } from './hosts-file.ts';

test('every name and alias has the addresses of all its lines', () => {
  const hosts = parseHosts(`127.0.0.1 localhost # the machine itself
::1\tlocalhost ip6-localhost
192.0.2.1  PBX.example.test.  pbx
192.0.2.1 pbx
# 192.0.2.2 gone.test
not-an-address name.test
`);
  expect(Object.fromEntries(hosts)).toEqual({
    localhost: ['127.0.0.1', '::1'],
    'ip6-localhost': ['::1'],
    'pbx.example.test': ['192.0.2.1'],
    pbx: ['192.0.2.1'],
  });
});

test('a system without the file has no such names', async () => {
  expect((await readHosts('/nowhere/hosts')).size).toBe(0);
});
