import { expect, test } from 'vitest';
import { callIdsIn } from './named-dialog.ts';

test.each([
  ['a@b;to-tag=1;from-tag=2', ['a@b']],
  [' a ; To-Tag = 1;from-tag=2', ['a']],
  ['a;early-only;to-tag=1;from-tag=2', ['a;early-only', 'a']],
  ['a;b=c;local-tag=1;remote-tag=2', ['a;b=c', 'a']],
  ['a;early-only', ['a']],
  ['a', ['a']],
])('%j may name %j', (value, callIds) => {
  expect(callIdsIn(value)).toEqual(callIds);
});
