import { accessSync, constants } from 'node:fs';
import { reasonOf } from '../config/reason-of.ts';
import { FORBIDDEN, MISSING, readProblem } from '../config/yaml-file.ts';
import type { ExitCode, Given } from './command.ts';
import { complain } from './output.ts';
import { dataDirectoryFrom } from './settings-flags.ts';
import { WrongSettings } from './wrong-settings.ts';

/** Does this with the file of events; says why where there is none, or it cannot be read. */
export async function withEvents(
  given: Given,
  act: (file: string) => ExitCode | Promise<ExitCode>,
): Promise<ExitCode> {
  const { events: file } = dataDirectoryFrom(given);
  const none = whyNoEvents(file);
  if (none !== undefined) {
    complain(none);
    return 1;
  }
  try {
    return await act(file);
  } catch (error) {
    if (error instanceof WrongSettings) throw error;
    complain(`${file} cannot be read: ${reasonOf(error)}.`);
    return 1;
  }
}

/** Undefined when it can be read. */
export function whyNoEvents(file: string): string | undefined {
  try {
    accessSync(file, constants.R_OK);
    return undefined;
  } catch (error) {
    const why = readProblem(error);
    if (why === MISSING)
      return `There is no ${file}: no gate has run there yet. Name its folder with --data.`;
    const todo = why === FORBIDDEN ? ' Run this as the user the gate runs as, or as root.' : '';
    return `${file}: ${why}.${todo}`;
  }
}
