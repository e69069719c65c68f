import { accessSync, constants } from 'node:fs';
import { MISSING, readProblem } from '../config/yaml-file.ts';

/** Why this file has no events to show, for the operator; undefined when it can be read. */
export function whyNoEvents(file: string): string | undefined {
  try {
    accessSync(file, constants.R_OK);
    return undefined;
  } catch (error) {
    const why = readProblem(error);
    return why === MISSING
      ? `There is no ${file}: no gate has run there yet. Name its folder with --data.`
      : `${file} ${why}. Run this as the user the gate runs as, or as root.`;
  }
}
