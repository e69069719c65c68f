import { isDeepStrictEqual } from 'node:util';
import { showFound } from './problem.ts';
import { isSecret, type Path } from './schema-keys.ts';
import { isRecord } from './yaml-file.ts';

/** One thing that is otherwise than it was, for people: `calls.ringSeconds: 200 -> 300`. */
export interface Change {
  readonly key: string;
  readonly text: string;
}

/** What is different in a tree of settings, by key. */
export function changesBetween(
  before: unknown,
  after: unknown,
  path: Path = [],
): readonly Change[] {
  if (before === after) return [];
  if (isRecord(before) && isRecord(after)) {
    const keys = Object.keys({ ...before, ...after });
    return keys.flatMap((key) => changesBetween(before[key], after[key], [...path, key]));
  }
  if (isDeepStrictEqual(before, after)) return [];
  const key = path.join('.');
  return [{ key, text: `${key}: ${described(before, after, path)}` }];
}

function described(before: unknown, after: unknown, path: Path): string {
  if (before === undefined) return `added${isRecord(after) ? '' : `, ${shown(after, path)}`}`;
  if (after === undefined) return 'removed';
  return `${shown(before, path)} -> ${shown(after, path)}`;
}

function shown(value: unknown, path: Path): string {
  if (isSecret(path)) return '(not shown)';
  if (typeof value === 'string' && value !== '') return showFound(value).slice(1, -1);
  if (isRecord(value)) return '{…}';
  return value === null ? 'null' : showFound(value);
}
