import type { Problem } from '../config/problem.ts';

/** The settings given are wrong: it ends the command. */
export class WrongSettings extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super('the settings are wrong');
    this.problems = problems;
  }
}
