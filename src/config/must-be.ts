import type { Conflict } from './compile.ts';
import { nearMiss } from './near-miss.ts';
import { mismatch, showFound } from './problem.ts';
import type { Path } from './schema-keys.ts';

/** One of the names that there are, or else a problem. */
export function mustBe(
  name: string,
  names: readonly string[],
  what: string,
  path: Path,
  problems: Conflict[],
): void {
  if (names.includes(name)) return;
  const shown = names.length > 20 ? `${names.slice(0, 20).join(', ')}, …` : names.join(', ');
  const expected = `one of the ${what}s: ${names.length === 0 ? 'none is defined' : shown}`;
  const text = mismatch(showFound(name), expected, nearMiss(name, names));
  problems.push([{ path, text }]);
}
