import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { editorSchemas } from '../config/json-schemas.ts';
import { foldersInUse } from '../config/load.ts';
import { makeFolder } from '../config/make-folder.ts';
import { reasonOf } from '../config/reason-of.ts';
import type { Command } from './command.ts';
import { complain, counted, print } from './output.ts';
import { placeFlags, settingsFrom } from './settings-flags.ts';

export const schema: Command = {
  name: 'schema',
  summary: 'write JSON Schemas, by which editors complete and check the files',
  operands: '[DIR]',
  mostOperands: 1,
  flags: { routes: placeFlags.routes, policies: placeFlags.policies },
  details:
    'One for each file, in schema/ beside the files in use, where the first line of each file says that it is; or in\n' +
    'DIR/routes and DIR/policies. Editors with a YAML language server take them up by themselves.',
  async run(given) {
    const [directory] = given.rest;
    const inUse = foldersInUse(settingsFrom(given));
    const schemas = editorSchemas();
    try {
      for (const { folder, file, text } of schemas) {
        const into =
          directory === undefined ? join(inUse[folder], 'schema') : join(directory, folder);
        makeFolder(into);
        writeFileSync(join(into, file), text);
      }
    } catch (error) {
      complain(`The schemas cannot be written: ${reasonOf(error)}.`);
      return 1;
    }
    print(`${counted(schemas.length, 'schema')} written.`);
    return 0;
  },
};
