import { accessSync, constants } from 'node:fs';
import type { ListSettings } from './settings.ts';

/** A list in a file that is not there yet is no error: something else may write it. */
export const listNotices = (lists: readonly ListSettings[]): readonly string[] =>
  lists.flatMap(({ name, from }) =>
    'url' in from || isReadable(from.file)
      ? []
      : [`the list ${name}: ${from.file} cannot be read; it names nobody until it can`],
  );

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
