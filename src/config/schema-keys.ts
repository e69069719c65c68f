import { z } from 'zod';
import { settingsSchema } from './schema.ts';

export type Path = readonly (string | number)[];

/** What a schema is once defaults, optionality and transforms are taken off. */
export function bare(schema: unknown): unknown {
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable
  ) {
    return bare(schema.unwrap());
  }
  return schema instanceof z.ZodPipe ? bare(schema.in) : schema;
}

/** The schema at a path, or undefined where the path leaves what can be set. */
export function schemaAt(path: Path, root: unknown = settingsSchema): unknown {
  return path.reduce<unknown>(schemaBelow, root);
}

function schemaBelow(schema: unknown, key: string | number): unknown {
  const here = bare(schema);
  if (here instanceof z.ZodObject)
    return Object.hasOwn(here.shape, key) ? here.shape[key] : undefined;
  if (here instanceof z.ZodArray) return isIndex(key) ? here.element : undefined;
  if (here instanceof z.ZodRecord) return here.valueType;
  if (!(here instanceof z.ZodUnion)) return undefined;
  return here.options.map((option) => schemaBelow(option, key)).find((one) => one !== undefined);
}

function isIndex(key: string | number): boolean {
  return /^\d{1,4}$/.test(String(key));
}

/** The keys that may stand under a path; none where it is not a block of keys. */
export function keysAt(path: Path, root?: unknown): readonly string[] {
  return keysOf(schemaAt(path, root));
}

/** The keys that a block of a schema may have. */
export function keysOf(schema: unknown): readonly string[] {
  const here = bare(schema);
  if (here instanceof z.ZodObject) return Object.keys(here.shape);
  return here instanceof z.ZodUnion ? here.options.flatMap(keysOf) : [];
}

/** The words that a value may be, where only some may. */
export function wordsOf(schema: unknown): readonly string[] {
  const here = bare(schema);
  if (here instanceof z.ZodEnum) return here.options.map(String);
  if (here instanceof z.ZodLiteral) return [...here.values].map(String);
  return here instanceof z.ZodUnion ? here.options.flatMap(wordsOf) : [];
}

/** May keys of any name stand under a path: extensions, groups? */
export function namesAt(path: Path): boolean {
  return bare(schemaAt(path)) instanceof z.ZodRecord;
}

/** What of this value no message shows: nothing of it, of a URL nothing but its host, or all may be shown. */
export const secretAt = (path: Path, root?: unknown): 'whole' | 'path' | undefined =>
  secretOfSchema(bare(schemaAt(path, root)));

function secretOfSchema(schema: unknown): 'whole' | 'path' | undefined {
  const secret = schema instanceof z.ZodType ? schema.meta()?.secret : undefined;
  if (secret === 'path') return secret;
  return secret === true ? 'whole' : undefined;
}

/** Is a secret at a path, or does one belong somewhere below it? A value there may be that secret, misplaced. */
export const holdsSecret = (path: Path, root?: unknown): boolean => isToHide(schemaAt(path, root));

/** What is wrong may be said of ten thousand extensions, and for each the schema would be gone through. */
const hidden = new WeakMap<z.ZodType, boolean>();

function isToHide(schema: unknown): boolean {
  const here = bare(schema);
  if (!(here instanceof z.ZodType)) return false;
  const known = hidden.get(here) ?? hasSecretInside(here);
  hidden.set(here, known);
  return known;
}

function hasSecretInside(here: z.ZodType): boolean {
  if (here instanceof z.ZodObject) return Object.values(here.shape).some(isToHide);
  if (here instanceof z.ZodArray) return isToHide(here.element);
  if (here instanceof z.ZodRecord) return isToHide(here.valueType);
  if (here instanceof z.ZodUnion) return here.options.some(isToHide);
  return secretOfSchema(here) !== undefined;
}

export interface KnownKey {
  /** `pbx.health.everySeconds`; `[]` stands for an index, `<name>` for a name that the operator gives. */
  readonly key: string;
  readonly description: string;
  /** Undefined where a value must be given, or none is by default. */
  readonly default: unknown;
}

/** Every key that takes a value, in the order of the schema. */
export function knownKeys(schema: unknown = settingsSchema, prefix = ''): readonly KnownKey[] {
  const here = bare(schema);
  if (here instanceof z.ZodObject) {
    return Object.entries(here.shape).flatMap(([name, inner]) =>
      knownKeys(inner, prefix === '' ? name : `${prefix}.${name}`),
    );
  }
  if (here instanceof z.ZodArray && bare(here.element) instanceof z.ZodObject) {
    return knownKeys(here.element, `${prefix}.[]`);
  }
  if (here instanceof z.ZodRecord && bare(here.valueType) instanceof z.ZodObject) {
    return knownKeys(here.valueType, `${prefix}.<name>`);
  }
  return [{ key: prefix, description: describe(schema), default: defaultOf(schema) }];
}

function describe(schema: unknown): string {
  return schema instanceof z.ZodType ? (schema.description ?? '') : '';
}

function defaultOf(schema: unknown): unknown {
  return schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined;
}

/** `pbx.health.everySeconds` as the environment spells it: `DRAWBRIDGE_PBX__HEALTH__EVERY_SECONDS`. */
export function variableFor(key: string): string {
  return `DRAWBRIDGE_${key.split('.').map(spelled).join('__')}`;
}

/** `everySeconds` as the environment spells it: `EVERY_SECONDS`; `no-guests`: `NO_GUESTS`. */
export function spelled(key: string): string {
  return key.replace(/[A-Z]/g, '_$&').replaceAll('-', '_').toUpperCase();
}
