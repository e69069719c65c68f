import { type Answer, encode, type Packet, TRUNCATED_RESPONSE } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatQuery, type RecordKind, readAnswer } from './dns-message.ts';

const a = (name: string, data: string, ttl = 60): Answer => ({ type: 'A', name, data, ttl });
const reply = (packet: Packet, kind: RecordKind = 'A', name = 'pbx.test') =>
  encode({ type: 'response', id: 7, questions: [{ type: kind, name }], ...packet });
const read = (packet: Packet) => readAnswer(reply(packet), 7, 'pbx.test', 'A');

test('the addresses of a name come with the shortest TTL', () => {
  const answers = [a('PBX.test', '192.0.2.1', 60), a('pbx.test', '192.0.2.2', 20)];
  expect(read({ answers })).toEqual({
    kind: 'answer',
    answer: { records: ['192.0.2.1', '192.0.2.2'], ttlSeconds: 20 },
  });
});

test('of thousands of records the first 64 count: each request would draw the order of all', () => {
  const answers = Array.from({ length: 3000 }, (_, at) =>
    a('pbx.test', `10.0.${at >> 8}.${at & 255}`),
  );
  const { answer } = read({ answers }) as Extract<ReturnType<typeof read>, { kind: 'answer' }>;
  expect(answer.records).toHaveLength(64);
  expect(answer.records.at(-1)).toBe('10.0.0.63');
});

test('aliases are followed, and shorten the TTL', () => {
  const answers: Answer[] = [
    { type: 'CNAME', name: 'pbx.test', data: 'node.Example.test', ttl: 5 },
    a('node.example.test', '192.0.2.1'),
    a('unrelated.test', '203.0.113.1'),
  ];
  expect(read({ answers })).toMatchObject({ answer: { records: ['192.0.2.1'], ttlSeconds: 5 } });
});

test('aliases that lead in a circle lead nowhere', () => {
  const answers: Answer[] = [
    { type: 'CNAME', name: 'pbx.test', data: 'b.test', ttl: 5 },
    { type: 'CNAME', name: 'b.test', data: 'pbx.test', ttl: 5 },
  ];
  expect(read({ answers })).toMatchObject({ answer: { records: [] } });
});

describe('that there is none', () => {
  const start = (ttl: number, minimum: number): Answer => ({
    type: 'SOA',
    name: 'test',
    ttl,
    data: { mname: 'a.test', rname: 'b.test', minimum },
  });

  test.each([
    ['the minimum', start(3600, 15), 15],
    ['the TTL of the SOA', start(10, 900), 10],
  ])('holds for %s, whichever is shorter', (_which, soa, ttlSeconds) => {
    expect(read({ flags: 3, authorities: [soa] })).toEqual({
      kind: 'answer',
      answer: { records: [], ttlSeconds },
    });
  });

  test('holds for half a minute when the server does not say', () => {
    expect(read({})).toMatchObject({ answer: { records: [], ttlSeconds: 30 } });
  });
});

test('a TTL with its first bit set counts as zero', () => {
  expect(read({ answers: [a('pbx.test', '192.0.2.1', 2 ** 31)] })).toMatchObject({
    answer: { ttlSeconds: 0 },
  });
});

test('a server that fails or refuses has not answered', () => {
  for (const code of [1, 2, 4, 5]) expect(read({ flags: code })).toEqual({ kind: 'refused', code });
});

test('an answer cut short says so', () => {
  expect(read({ flags: TRUNCATED_RESPONSE })).toEqual({ kind: 'truncated' });
});

test.each([
  ['another id', readAnswer(reply({ id: 8 }), 7, 'pbx.test', 'A')],
  ['another name', readAnswer(reply({}, 'A', 'other.test'), 7, 'pbx.test', 'A')],
  ['another kind', readAnswer(reply({}, 'AAAA'), 7, 'pbx.test', 'A')],
  ['our own question', readAnswer(formatQuery(7, 'pbx.test', 'A'), 7, 'pbx.test', 'A')],
  ['nothing', readAnswer(Buffer.alloc(0), 7, 'pbx.test', 'A')],
])('%s is not the answer', (_what, reading) => {
  expect(reading).toEqual({ kind: 'unrelated' });
});

test('no bytes make it throw', () => {
  const good = reply({ answers: [a('pbx.test', '192.0.2.1')] });
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, byte, length) => {
      const bad = Buffer.from(good.subarray(0, length));
      if (at < bad.length) bad[at] = byte;
      readAnswer(bad, 7, 'pbx.test', 'A');
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      readAnswer(Buffer.from(bytes), 7, 'pbx.test', 'A');
    }),
  );
});
