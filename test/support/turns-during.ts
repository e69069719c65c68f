/** Does something, and says how often the event loop came round meanwhile: each time packets would have had their turn. */
export async function turnsDuring<Result>(
  work: () => Promise<Result>,
): Promise<{ readonly turns: number; readonly result: Result }> {
  let turns = 0;
  let next: NodeJS.Immediate;
  const turn = (): void => {
    turns++;
    next = setImmediate(turn);
  };
  next = setImmediate(turn);
  try {
    const result = await work();
    return { turns, result };
  } finally {
    clearImmediate(next);
  }
}
