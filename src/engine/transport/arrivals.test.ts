import { expect, test } from 'vitest';
import { Arrivals } from './arrivals.ts';
import type { UdpPeer } from './udp-peer.ts';

const peer = {} as UdpPeer;

const aRequest = (number: number, to = '<sip:1001@pbx>') =>
  `REGISTER sip:pbx SIP/2.0\r\nFrom: <sip:1001@pbx>;tag=${number}\r\nTo: ${to}\r\n\r\n`;
const anAnswer = (number: number) => `SIP/2.0 200 OK\r\nCSeq: ${number} REGISTER\r\n\r\n`;

function withRequests(count: number, from = 0): Arrivals {
  const arrivals = new Arrivals();
  for (let number = from; number < from + count; number++)
    arrivals.add({ datagram: aRequest(number), peer });
  return arrivals;
}

const taken = (arrivals: Arrivals, now = 0) =>
  arrivals.take(now).map(({ datagram }) => String(datagram));

test('what one turn can do comes in its order, whatever it is', () => {
  const arrivals = withRequests(63);
  arrivals.add({ datagram: anAnswer(63), peer });
  expect(taken(arrivals)).toEqual([
    ...Array.from({ length: 63 }, (_, number) => aRequest(number)),
    anAnswer(63),
  ]);
  expect(arrivals.areLeft).toBe(false);
  expect(taken(arrivals)).toEqual([]);
});

test('of more than one turn can do, what ends something comes first, and what begins something in its order', () => {
  const arrivals = withRequests(200);
  const first = [
    anAnswer(1),
    aRequest(2, '<sip:1001@pbx>;tag=x'),
    aRequest(3, '"Anna" <sip:1001@pbx> ; TAG = x').replace('To', 't '),
  ];
  for (const datagram of first) arrivals.add({ datagram, peer });
  arrivals.add({ datagram: Buffer.from(anAnswer(4)), peer });
  const seen: string[] = [];
  while (seen.length === 0 || arrivals.areLeft) seen.push(...taken(arrivals));
  expect(seen).toEqual([
    ...[...first, anAnswer(4)],
    ...Array.from({ length: 200 }, (_, number) => aRequest(number)),
  ]);
});

test('an answer that comes while others wait goes before them', () => {
  const arrivals = withRequests(200);
  expect(taken(arrivals)).toHaveLength(64);
  arrivals.add({ datagram: anAnswer(1), peer });
  expect(taken(arrivals)[0]).toBe(anAnswer(1));
});

test.each([
  ['a tag in From', aRequest(1).replace('From', 'f')],
  ['"tag=" in another header', `${aRequest(1)}`.replace('\r\n\r\n', '\r\nX-To: <x>;tag=1\r\n\r\n')],
  ['a method that begins like an answer', aRequest(1).replace('REGISTER', 'SIP')],
])('%s makes no request one of a dialog', (_what, datagram) => {
  const arrivals = withRequests(100);
  arrivals.add({ datagram, peer });
  expect(taken(arrivals)).not.toContain(datagram);
});

test('what waited for more than a quarter of a second is lost, and counted', () => {
  const arrivals = withRequests(200);
  expect(taken(arrivals, 1000)).toHaveLength(64);
  expect(taken(arrivals, 1250)).toHaveLength(64);
  for (let number = 200; number < 300; number++) arrivals.add({ datagram: aRequest(number), peer });
  expect(taken(arrivals, 1251)[0]).toBe(aRequest(200));
  expect(arrivals.lost).toBe(72);
  expect(arrivals.areLeft).toBe(true);
});

test('says since when it waited, and nothing of what did not', () => {
  const arrivals = withRequests(100);
  expect(arrivals.take(1000).every(({ since }) => since === 1000)).toBe(true);
  expect(arrivals.take(1100).every(({ since }) => since === 1000)).toBe(true);
  arrivals.add({ datagram: anAnswer(1), peer });
  expect(arrivals.take(1200)[0]?.since).toBeUndefined();
});

test('keeps no more than eight megabytes: what waited longest goes first', () => {
  const arrivals = new Arrivals();
  const long = 'x'.repeat(65_000);
  for (let number = 0; number < 1000; number++)
    arrivals.add({ datagram: Buffer.from(`${number} ${long}`), peer });
  const [first = ''] = taken(arrivals);
  expect(arrivals.lost).toBe(Number.parseInt(first, 10));
  expect((1000 - arrivals.lost) * 65_000).toBeLessThanOrEqual(8 * 2 ** 20);
  expect(arrivals.lost).toBeLessThan(880);
});

test('thousands come through in their order', () => {
  const arrivals = withRequests(5000);
  const seen: string[] = [];
  while (seen.length < 5000) seen.push(...taken(arrivals));
  expect(seen).toEqual(Array.from({ length: 5000 }, (_, number) => aRequest(number)));
  expect(arrivals.lost).toBe(0);
});
