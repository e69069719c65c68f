import type { z } from 'zod';
import { type SettingsTree, settingsSchema } from './schema.ts';
import { keysAt, namesAt, type Path } from './schema-keys.ts';

/**
 * What is left of settings once each key that the schema refuses is at its default, so that what does not go together
 * in the rest can be said at the same time. Undefined where that would say too much: where a name is gone that others
 * may name, or a key that has no default.
 */
export function withoutWhatIsWrong(
  tree: unknown,
  issues: readonly z.core.$ZodIssue[],
): SettingsTree | undefined {
  const left = structuredClone(tree);
  for (const issue of issues) {
    const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
    const wrong =
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
    if (!wrong.every((one) => remove(left, one))) return undefined;
  }
  const checked = settingsSchema.safeParse(left);
  return checked.success ? checked.data : undefined;
}

/** Takes out the innermost key of a path: the entries of a list keep their numbers. */
function remove(tree: unknown, path: Path): boolean {
  const depth = path.findLastIndex((step) => typeof step === 'string');
  const around = path.slice(0, depth);
  const key = path[depth];
  if (typeof key !== 'string' || (namesAt(around) && keysAt([...around, key]).length > 0))
    return false;
  let at = tree;
  for (const step of around) {
    // Gone with something around it.
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return true;
    at = Reflect.get(at, step);
  }
  return typeof at === 'object' && at !== null && Reflect.deleteProperty(at, key);
}
