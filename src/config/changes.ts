import { isDeepStrictEqual } from 'node:util';
import { showFound, showHost } from './problem.ts';
import { type Path, secretAt } from './schema-keys.ts';
import { isRecord } from './yaml-file.ts';

/** One thing that is otherwise than it was, for people: `calls.ringSeconds: 200 -> 300`. */
export interface Change {
  readonly key: string;
  readonly text: string;
}

/** What is different in a tree of settings, by key. */
export function changesBetween(before: unknown, after: unknown): readonly Change[] {
  const changes: Change[] = [];
  compare(before, after, [], changes);
  return changes;
}

/** One path for all of them, and no copies: ten thousand extensions are compared at each reload. */
function compare(
  before: unknown,
  after: unknown,
  path: (string | number)[],
  changes: Change[],
): void {
  if (before === after) return;
  if (isRecord(before) && isRecord(after)) {
    for (const key of Object.keys(before)) {
      path.push(key);
      compare(before[key], after[key], path, changes);
      path.pop();
    }
    for (const key of Object.keys(after)) {
      if (Object.hasOwn(before, key)) continue;
      path.push(key);
      compare(undefined, after[key], path, changes);
      path.pop();
    }
    return;
  }
  if (isDeepStrictEqual(before, after)) return;
  const key = path.join('.');
  changes.push({ key, text: `${key}: ${described(before, after, path)}` });
}

function described(before: unknown, after: unknown, path: Path): string {
  if (before === undefined) return `added${isRecord(after) ? '' : `, ${shown(after, path)}`}`;
  if (after === undefined) return 'removed';
  return `${shown(before, path)} -> ${shown(after, path)}`;
}

function shown(value: unknown, path: Path): string {
  const secret = secretAt(path);
  if (secret === 'path' && typeof value === 'string') return showHost(value);
  if (secret !== undefined) return '(not shown)';
  if (typeof value === 'string' && value !== '') return showFound(value).slice(1, -1);
  if (isRecord(value)) return '{…}';
  return value === null ? 'null' : showFound(value);
}
