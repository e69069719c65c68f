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

test('a flood with the mark of a dialog leaves a turn its room for what is new, and holds up no answer', () => {
  const arrivals = new Arrivals();
  const within = (number: number) => aRequest(number, '<sip:1001@pbx>;tag=x');
  for (let number = 0; number < 1000; number++)
    arrivals.add({ datagram: number % 10 === 9 ? aRequest(number) : within(number), peer });
  arrivals.add({ datagram: anAnswer(1), peer });
  const turn = taken(arrivals);
  expect(turn).toHaveLength(192 + 1 + 64);
  expect(turn.indexOf(anAnswer(1))).toBe(192);
  expect(turn).toContain(aRequest(9));
  const left: string[] = [];
  while (arrivals.areLeft) left.push(...taken(arrivals));
  expect(left).toHaveLength(1001 - turn.length);
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

test('nothing of a burst is lost that is done within a second', () => {
  const arrivals = withRequests(1000);
  for (let now = 0; now < 1000; now += 62) taken(arrivals, now);
  expect(arrivals.areLeft).toBe(false);
  expect(arrivals.lost).toBe(0);
});

/** So many more than are done come all the time, until then. */
function overloaded(untilMs: number): Arrivals {
  const arrivals = new Arrivals();
  for (let now = 0; now <= untilMs; now += 50) {
    for (let number = now; number < now + 70; number++)
      arrivals.add({ datagram: aRequest(number), peer });
    taken(arrivals, now);
  }
  return arrivals;
}

test('where some waited for all of a second, what waited for more than a quarter of one is lost, and counted', () => {
  const arrivals = overloaded(1000);
  expect(arrivals.lost).toBe(0);
  const since = arrivals.take(1001)[0]?.since ?? 0;
  expect(since).toBeGreaterThan(750);
  expect(arrivals.take(1300)).toEqual([]);
  expect(arrivals.lost).toBeGreaterThan(0);
});

test('when all was done the next burst may wait again', () => {
  const arrivals = overloaded(1000);
  const { lost } = arrivals;
  while (arrivals.areLeft) taken(arrivals, 1001);
  for (let number = 0; number < 200; number++) arrivals.add({ datagram: aRequest(number), peer });
  for (const now of [5000, 5400, 5800, 5900]) taken(arrivals, now);
  expect(arrivals.areLeft).toBe(false);
  expect(arrivals.lost).toBe(lost);
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
