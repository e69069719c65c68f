import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';

test('what never is so says what was waited for, by which condition, and where', async () => {
  const heard: string[] = [];
  const waited = eventually(() => heard.length === 2, 'two answers', 20);
  const never = await waited.catch((problem: Error) => problem);
  expect(never?.message).toMatch(/^not within 20 ms: two answers, by \(\) => heard\.length === 2/);
  expect(never?.stack).toContain('eventually.test.ts');
  expect(never?.stack).not.toContain('eventually.ts');
});

test('what becomes so is waited for', async () => {
  let is = false;
  setTimeout(() => (is = true), 20);
  await eventually(() => is, 'it is so');
  expect(is).toBe(true);
});
