import type { Conflict, Surroundings } from './compile.ts';
import { readPlainFile } from './plain-file.ts';
import { mismatch, showFound } from './problem.ts';
import type { Path } from './schema-keys.ts';
import { type SecretForm, secretOf } from './secret-of.ts';
import { readProblem } from './yaml-file.ts';

interface Secret {
  readonly variable: string | undefined;
  readonly file: string | undefined;
  readonly at: Path;
  readonly keys: readonly [variable: string, file: string];
}

/** From its file where one is named, else from the environment. No message shows it. */
export function secretFrom(
  { variable = '', file, at, keys: [inVariable, inFile] }: Secret,
  form: SecretForm,
  surroundings: Surroundings,
  problems: Conflict[],
): string {
  if (file === undefined)
    return secretOf(variable, [...at, inVariable], form, surroundings, problems);
  const path = [...at, inFile];
  let value: string;
  try {
    value = secretIn(file);
  } catch (error) {
    problems.push([{ path, text: `${showFound(file)} ${readProblem(error)}` }]);
    return '';
  }
  if (!form.allowed.test(value)) {
    const found = `${showFound(file)}, whose text has another form (not shown)`;
    problems.push([{ path, text: mismatch(found, form.expected) }]);
  }
  return value;
}

/** Without the end of the line that an editor puts there. Throws where the file cannot be read. */
export const secretIn = (file: string): string =>
  readPlainFile(file)
    .toString()
    .replace(/\r?\n$/, '');
