import { showProblem } from '../config/problem.ts';
import { reasonOf } from '../config/reason-of.ts';
import { askGate, NoGate } from './ask.ts';
import type { ReloadOutcome } from './reloads.ts';

/** Tells the gate that runs on this socket that its files have changed; `none` when none does. */
export async function askToReload(
  socket: string,
): Promise<'told' | 'none' | { readonly problem: string }> {
  try {
    const outcome = await askGate<ReloadOutcome>(socket, {
      command: 'reload',
      force: false,
      operators: [],
    });
    return outcome.ok ? 'told' : { problem: outcome.problems.map(showProblem).join('; ') };
  } catch (error) {
    if (error instanceof NoGate) return 'none';
    return { problem: reasonOf(error) };
  }
}
