/**
 * Does something with each, so many between two packets: a table may have a hundred thousand. What comes or goes meanwhile may
 * or may not be among them.
 */
export async function inTurns<One>(
  all: Iterable<One>,
  perTurn: number,
  work: (one: One) => unknown,
): Promise<void> {
  let count = 0;
  for (const one of all) {
    work(one);
    count++;
    if (count % perTurn === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}
