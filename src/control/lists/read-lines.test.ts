import { expect, test } from 'vitest';
import { cpuMeter } from '../../../test/support/cpu-meter.ts';
import { readEntries, readLines } from './read-lines.ts';

const networksOf = async (text: string) => [...(await readLines(text, 100)).networks];

test('addresses and networks of both families, one spelling of each, whatever stands behind', async () => {
  const text = [
    '\uFEFF# a list',
    '; of Spamhaus kind',
    '',
    '// or this',
    '192.0.2.1',
    '  192.0.2.2\t# why',
    '198.51.100.0/24 ; SBL123',
    '203.0.113.9,2026-01-01,3',
    '"203.0.113.10","x"',
    '203.0.113.77/255.255.255.0',
    '2001:DB8:0:0::1',
    '2001:db8:1::/48',
    '192.0.2.1',
  ].join('\r\n');
  expect(await networksOf(text)).toEqual([
    ...['192.0.2.1', '192.0.2.2', '198.51.100.0/24', '203.0.113.9', '203.0.113.10'],
    ...['203.0.113.0/24', '2001:db8::1', '2001:db8:1::/48'],
  ]);
});

test('a list may be empty, when it says so', async () => {
  expect(await networksOf('# nobody today\n')).toEqual([]);
});

test.each([
  ['nothing at all', ' \n'],
  ['a page for people', '<!DOCTYPE html>\n<html><body>Please log in</body></html>'],
  ['bytes that are no text', '192.0.2.1\n\0\0'],
  ['an error in JSON', '{"error":"try later"}'],
  [
    'a list with more nonsense than a slip makes',
    `${'192.0.2.1\n'.repeat(50)}${'bad line\n'.repeat(12)}`,
  ],
])('%s is refused', async (_what, text) => {
  await expect(readLines(text, 100)).rejects.toMatchObject({ kind: 'content' });
});

test('what is too wide to be true, or no network, is left out and said', async () => {
  const { networks, notices } = await readEntries(
    [
      '0.0.0.0/0',
      '128.0.0.0/1',
      '10.0.0.0/7',
      '::/0',
      '2000::/3',
      '4.0.0.0/8',
      '1.2.3',
      '2a00::/16',
    ],
    100,
  );
  expect([...networks]).toEqual(['4.0.0.0/8', '2a00::/16']);
  expect(notices).toEqual([
    '1 no address or network: "1.2.3"',
    '5 too wide to be true: "0.0.0.0/0"',
  ]);
});

test('no more than are wanted are taken', async () => {
  const { networks, notices } = await readEntries(['192.0.2.1', '192.0.2.2', '192.0.2.3'], 2);
  expect(networks.size).toBe(2);
  expect(notices).toEqual(['1 beyond mostEntries (2)']);
});

test('nothing of a list can drive a terminal', async () => {
  const { notices } = await readEntries(['192.0.2.1', '\u001b[31mred\u001b[0m'], 10);
  expect(notices.join()).not.toContain('\u001b');
});

test('a hundred thousand are read in less than two seconds', async () => {
  const text = Array.from(
    { length: 100_000 },
    (_, at) => `60.${at >> 16}.${(at >> 8) & 255}.${at & 255}`,
  );
  const spent = cpuMeter();
  expect((await readLines(text.join('\n'), 200_000)).networks.size).toBe(100_000);
  expect(spent()).toBeLessThan(2000);
});
