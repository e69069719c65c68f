import { z } from 'zod';
import { rulesOf, stages } from '../policy/registry.ts';
import { settingsSchema } from './schema.ts';
import { bare } from './schema-keys.ts';
import { filesOf, folders, type Home, keysOf } from './settings-files.ts';

/** A JSON Schema for editors, by which they complete keys, show what they do and mark what is wrong. */
export interface EditorSchema extends Home {
  /** Without folder: `site.json` for `site.yaml`. */
  readonly file: string;
  readonly text: string;
}

/** One for each file of `routes/` and `policies/`. */
export function editorSchemas(): readonly EditorSchema[] {
  return folders.flatMap((folder) =>
    filesOf(folder).map((name) => ({
      folder,
      name,
      file: name.replace(/\.yaml$/, '.json'),
      text: schemaText(keysOf(folder, name), `${folder}/${name}`),
    })),
  );
}

function schemaText(keys: readonly string[], title: string): string {
  const shape = Object.entries(settingsSchema.shape).filter(([key]) => keys.includes(key));
  const schema = z.toJSONSchema(z.strictObject(Object.fromEntries(shape)), {
    io: 'input',
    // What editors know best.
    target: 'draft-7',
    override: ({ zodSchema, jsonSchema, path }) => {
      delete jsonSchema.secret;
      const { default: standard } = jsonSchema;
      // The defaults of the keys within say it already.
      if (JSON.stringify(standard) === '{}') delete jsonSchema.default;
      if (zodSchema instanceof z.ZodDefault && standard === undefined)
        jsonSchema.default = zodSchema.def.defaultValue;
      if (path.at(-1) === 'rules' && bare(zodSchema) instanceof z.ZodRecord)
        jsonSchema.propertyNames = { enum: ruleNames() };
    },
  });
  return `${JSON.stringify({ title, ...schema }, null, 2)}\n`;
}

const ruleNames = (): string[] => stages.flatMap((stage) => rulesOf[stage].map(({ name }) => name));
