import { expect, test } from 'vitest';
import { CallChallenges } from './call-challenges.ts';

test('whether the PBX asks who calls for a password is known by the last that came without one', () => {
  const calls = new CallChallenges();
  expect(calls.usual).toBe(false);
  calls.learn(407);
  expect(calls.usual).toBe(true);
  for (const status of [403, 404, 486, 503]) calls.learn(status);
  expect(calls.usual).toBe(true);
  calls.learn(200);
  expect(calls.usual).toBe(false);
  calls.learn(401);
  expect(calls.usual).toBe(true);
});
