/** The candidate that `word` was most likely meant to be, if any is near enough to say so. */
export function nearMiss(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const allowed = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance <= allowed && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best ?? partOf(word, candidates);
}

const SHORTEST_PART = 3;

/** `country` for homeCountry, `premium-rate` for premium: the only candidate that holds the word, or is in it. */
function partOf(word: string, candidates: Iterable<string>): string | undefined {
  const lower = word.toLowerCase();
  const [only, ...others] = [...candidates].filter((candidate) => {
    const [short = '', long = ''] = [lower, candidate.toLowerCase()].toSorted(
      (a, b) => a.length - b.length,
    );
    return short.length >= SHORTEST_PART && long.includes(short);
  });
  return others.length === 0 ? only : undefined;
}

/** Insertions, deletions, replacements and swaps of neighbours: what fingers do. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
