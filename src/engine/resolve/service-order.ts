import type { ServiceRecord } from './dns-message.ts';

/**
 * The order in which to try servers, RFC 2782: by priority, and within one by chance, in proportion to weight.
 * Drawn anew for each request, which is what spreads the load.
 */
export function serviceOrder(
  records: readonly ServiceRecord[],
  random: () => number = Math.random,
): ServiceRecord[] {
  const ordered: ServiceRecord[] = [];
  const byPriority = [...records].sort((a, b) => a.priority - b.priority || a.weight - b.weight);
  while (byPriority.length > 0) {
    const priority = byPriority[0]?.priority;
    const end = byPriority.findIndex((record) => record.priority !== priority);
    const group = byPriority.splice(0, end < 0 ? byPriority.length : end);
    while (group.length > 0) ordered.push(...group.splice(draw(group, random), 1));
  }
  return ordered;
}

function draw(group: readonly ServiceRecord[], random: () => number): number {
  const total = group.reduce((sum, { weight }) => sum + weight, 0);
  // The RFC leaves the order of zeros open; evenly is what an operator who wrote no weights expects.
  if (total === 0) return Math.floor(random() * group.length);

  // Zeros come first in the group: they are drawn only when the dice show exactly zero.
  const drawn = Math.floor(random() * (total + 1));
  let running = 0;
  return group.findIndex(({ weight }) => {
    running += weight;
    return running >= drawn;
  });
}
