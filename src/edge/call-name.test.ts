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
