import type { Conflict, Surroundings } from './compile.ts';
import { mismatch } from './problem.ts';
import type { Path } from './schema-keys.ts';

/** What a secret may be, and the words for that. */
export interface SecretForm {
  readonly allowed: RegExp;
  readonly expected: string;
}

/**
 * What the variable of a `${NAME}` holds; a conflict where that has another form. No message shows it. Nothing where the gate
 * which runs has it and we have not: it serves with it, and whoever asks about its settings need not know its secrets.
 */
export function secretOf(
  written: string,
  path: Path,
  { allowed, expected }: SecretForm,
  surroundings: Surroundings,
  problems: Conflict[],
): string {
  const value = heldIn(written, surroundings);
  if (!allowed.test(value) && heldByGateOnly(written, surroundings) === undefined) {
    const variable = variableOf(written);
    const found =
      value === '' ? `no variable ${variable}` : `a ${variable} of another form (not shown)`;
    problems.push([{ path, text: mismatch(found, expected) }]);
  }
  return value;
}

/** What the variable of a `${NAME}` holds, whatever that is; nothing where there is none. */
export const heldIn = (written: string, { environment }: Surroundings): string =>
  environment[variableOf(written)] ?? '';

/** The variable of a `${NAME}`, where the gate which runs has it and we have not. */
export function heldByGateOnly(
  written: string,
  { environment, heldByGate = [] }: Surroundings,
): string | undefined {
  const variable = variableOf(written);
  return !environment[variable] && heldByGate.includes(variable) ? variable : undefined;
}

const variableOf = (written: string): string => written.slice(2, -1);
