import { expect, test } from 'vitest';
import { showFound, showHost, showKind, unknownKey } from './problem.ts';

test.each([
  ['https://hooks.example/T1/s3cret', 'https://hooks.example/…'],
  ['https://hooks.example?key=s3cret', 'https://hooks.example/…'],
  ['https://hooks.example:8443#s3cret', 'https://hooks.example:8443/…'],
  ['https://bob:s3cret@hooks.example', '(not shown)'],
  ['https://bob:s3cret/1@hooks.example/a', '(not shown)'],
  ['https://bob:s3cret?1@hooks.example/a', '(not shown)'],
  ['https://hooks.example:s3cret/a', '(not shown)'],
  ['s3cret', '(not shown)'],
])('of a URL with a secret, %s, only the host', (url, shown) => {
  expect(showHost(url)).toBe(shown);
});

test.each([
  ['https://hooks.example/T1/s3cret', '"https://hooks.example/…"'],
  ['https://hooks.example', '"https://hooks.example"'],
  ['https://bob:s3cret/1@hooks.example/a', '"https://…"'],
  ['redis://bob:s3cret/1@redis.example/0', '"redis://…@redis.example/0"'],
  ['redis://redis.example/0', '"redis://redis.example/0"'],
  ['tcp://127.0.0.1:9022', '"tcp://127.0.0.1:9022"'],
  [['https://hooks.example/s3cret', 7], '["https://hooks.example/…",7]'],
  [{ 'https://hooks.example/s3cret': null }, '{"https://hooks.example/…":null}'],
  ['sip:bob@192.0.2.1', '"sip:bob@192.0.2.1"'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
])('of any value, %j, all but what may be secret in a URL', (value, shown) => {
  expect(showFound(value)).toBe(shown);
});

test.each([
  [undefined, 'nothing'],
  [null, 'nothing'],
  ['s3cret', 'a text'],
  [5_312, 'a number'],
  [true, 'true or false'],
  [['s3cret'], 'a list'],
  [{}, 'an empty block'],
  [{ webhok: 's3cret' }, 'a block with webhok'],
  [{ 'token:s3cret': null }, 'a block with …'],
  [{ a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 }, 'a block with a, b, c, d, e, …'],
])('of a value where a secret may be, %j, the kind', (value, kind) => {
  expect(showKind(value)).toBe(kind);
});

test.each([
  ['timeZon', 'an unknown key'],
  ['timeZ\u043ene', 'an unknown key with U+043E in it'],
  ['time\u200bZone', 'an unknown key with U+200B in it'],
  ['time\u{1f553}', 'an unknown key with U+1F553 in it'],
])('of the key %j nobody knows it is said: %s', (key, said) => {
  expect(unknownKey(key)).toBe(said);
});
