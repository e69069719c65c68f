import type { Adjustments } from '../policy/verdict.ts';
import type { Message } from '../sip/message/message.ts';
import type { Edge } from './edge.ts';
import { noteChallenge } from './learn-from-answer.ts';
import type { HeaderChange, OwnAnswer } from './signaling.ts';

/**
 * R7. What a stranger is told in place of the PBX's refusal: of every extension a challenge, in our own words, so that
 * neither its headers nor its manners tell those that exist from those that do not.
 */
export function toldToStrangers(
  edge: Edge,
  source: string,
  { status }: Message,
  challenges: readonly HeaderChange[],
  adjust: Adjustments | undefined,
  now: number,
): OwnAnswer | undefined {
  if (adjust?.toldAsChallenge === undefined) return undefined;
  if (challenges.length > 0) {
    edge.lookAlike.learn(challenges, now);
    return { status, headers: challenges };
  }
  if (!adjust.toldAsChallenge.includes(status)) return undefined;
  const headers = edge.lookAlike.another();
  for (const { value = '' } of headers) noteChallenge(edge, source, value, now);
  return { status: 401, headers };
}
