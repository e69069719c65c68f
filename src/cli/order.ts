import { mismatch } from '../config/problem.ts';
import { LONGEST_WHY } from '../control/control-messages.ts';
import { flagText, type Given } from './command.ts';
import { readTerm, termForm } from './moments.ts';
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
  const ms = span === undefined ? undefined : readTerm(span);
  if (span !== undefined && ms === undefined)
    problems.push(`--for: ${mismatch(span, `${termForm}; without it, for good`)}`);
  const why = flagText(given, 'why') ?? '';
  if (why.length > LONGEST_WHY)
    problems.push(`--why: ${mismatch(counted(why.length, 'character'), `at most ${LONGEST_WHY}`)}`);
  for (const problem of problems) complain(problem);
  return problems.length === 0 ? { seconds: ms === undefined ? null : ms / 1000, why } : undefined;
}
