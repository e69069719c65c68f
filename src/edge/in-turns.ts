import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * All of them, so many between two packets: a table may have a hundred thousand. What comes or goes meanwhile may or may not
 * be among them.
 */
export async function* inTurns<One>(
  all: Iterable<One>,
  perTurn: number,
): AsyncGenerator<readonly One[]> {
  let some: One[] = [];
  for (const one of all) {
    some.push(one);
    if (some.length < perTurn) continue;
    yield some;
    some = [];
    await nextTurn();
  }
  if (some.length > 0) yield some;
}
