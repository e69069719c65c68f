import { expect, test, vi } from 'vitest';
import { readOrder } from './order.ts';

function said(flags: Readonly<Record<string, string>>): {
  readonly order: unknown;
  readonly problems: string;
} {
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const order = readOrder({ flags, rest: [] });
  const problems = written.mock.calls.map(([text]) => text).join('');
  written.mockRestore();
  return { order, problems };
}

test('how long and why are read', () => {
  expect(said({}).order).toEqual({ seconds: null, why: '' });
  expect(said({ for: '2h', why: 'floods us' }).order).toEqual({ seconds: 7200, why: 'floods us' });
  expect(said({ for: '3650d' }).order).toEqual({ seconds: 315_360_000, why: '' });
});

test.each(['0s', '5', '3651d', '999999d', 'x'])(
  '--for %s is refused before the gate is asked',
  (span) => {
    expect(said({ for: span })).toEqual({
      order: undefined,
      problems: `--for: found ${span}, expected a time such as 30m, 2h or 7d, at most 3650d; without it, for good\n`,
    });
  },
);

test('a reason that is too long is refused, and all that is wrong is said', () => {
  expect(said({ for: 'x', why: 'x'.repeat(201) }).problems).toMatch(
    /^--for: .*\n--why: found 201 characters, expected at most 200\n$/,
  );
});
