import { mismatch } from '../config/problem.ts';
import { LONGEST_WHY, MOST_SECONDS } from '../control/control-messages.ts';
import { flagText, type Given } from './command.ts';
import { readSpan } from './moments.ts';
import { complain, counted } from './output.ts';

interface Order {
  /** Null: for good. */
  readonly seconds: number | null;
  readonly why: string;
}

/** What `--for` and `--why` say of a block or a guard; complains where that cannot be. */
export function readOrder(given: Given): Order | undefined {
  const problems: string[] = [];
  const span = flagText(given, 'for');
  const seconds = span === undefined ? null : Math.round((readSpan(span) ?? 0) / 1000);
  if (seconds !== null && (seconds < 1 || seconds > MOST_SECONDS)) {
    const days = MOST_SECONDS / 86_400;
    problems.push(
      `--for: ${mismatch(`${span}`, `a time such as 30m, 2h or 7d, at most ${days}d; without it, for good`)}`,
    );
  }
  const why = flagText(given, 'why') ?? '';
  if (why.length > LONGEST_WHY)
    problems.push(`--why: ${mismatch(counted(why.length, 'character'), `at most ${LONGEST_WHY}`)}`);
  for (const problem of problems) complain(problem);
  return problems.length === 0 ? { seconds, why } : undefined;
}
