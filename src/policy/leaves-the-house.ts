import type { CallFacts } from './facts.ts';

/**
 * Does the call go to the telephone network? What the PBX sends to a trunk always does; of what a phone dials, all
 * that is no extension and no feature code.
 */
export const leavesTheHouse = ({
  dialled: { kind },
  source: { realm },
}: Pick<CallFacts, 'dialled' | 'source'>): boolean =>
  realm === 'core' || (kind !== 'extension' && kind !== 'service');
