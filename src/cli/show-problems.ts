import { type Problem, showProblem } from '../config/problem.ts';
import { advise, complain, counted } from './output.ts';

/** Everything that is wrong with the settings, one line each. */
export function complainOf(problems: readonly Problem[]): void {
  for (const problem of problems) complain(showProblem(problem));
  advise(`${counted(problems.length, 'problem')}; nothing was started or changed.`);
}
