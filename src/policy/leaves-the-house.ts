import type { Extensions } from './extensions.ts';
import type { CallFacts } from './facts.ts';

/**
 * Does the call go to the telephone network? What the PBX sends to a trunk always does; of what a phone dials, all
 * that is no extension, none by name either, and no feature code.
 */
export function leavesTheHouse(
  { dialled: { kind, digits }, source: { realm } }: Pick<CallFacts, 'dialled' | 'source'>,
  extensions: Extensions,
): boolean {
  if (realm === 'core') return true;
  if (kind === 'unknown') return !extensions.profileOf(digits).listed;
  return kind !== 'extension' && kind !== 'service';
}
