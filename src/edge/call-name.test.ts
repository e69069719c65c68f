import { expect, test } from 'vitest';
import { callName, nameOf } from './call-name.ts';

const name = callName({ callId: 'a', fromTag: 'b' });

test.each([
  ['ringing', 'a;from-tag=b'],
  ['answered', 'a;from-tag=b;to-tag=c'],
  ['answered by whoever has no tag', 'a;from-tag=b;to-tag='],
])('a call goes by the name of its INVITE: %s', (_what, id) => {
  expect(nameOf({ id })).toBe(name);
});

test('a Call-ID that is written like the id of another call names no other', () => {
  const forged = callName({ callId: 'a;from-tag=b;to-tag=c', fromTag: 'd' });
  expect(forged).not.toBe(name);
  expect(nameOf({ id: forged })).toBe(forged);
  expect(nameOf({ id: `${forged};to-tag=e` })).toBe(forged);
});
