import type { Adjustments } from '../policy/verdict.ts';
import type { Message } from '../sip/message/message.ts';
import type { Edge } from './edge.ts';
import { refusalChallenges } from './learn-from-answer.ts';
import type { HeaderChange, OwnAnswer } from './signaling.ts';

/**
 * What a stranger is told in place of the PBX's refusal. R7: of every extension a challenge, in our own words, so that
 * neither its headers nor its manners tell those that exist from those that do not. N12: with a mark of ours. Undefined
 * where the PBX's own words go back.
 */
export function toldToStrangers(
  edge: Edge,
  source: string,
  response: Message,
  adjust: Adjustments | undefined,
  now: number,
): OwnAnswer | undefined {
  if (adjust === undefined) return undefined;
  const { toldAsChallenge, marksChallenges = false } = adjust;
  const challenges = refusalChallenges(response);
  if (challenges.length > 0) {
    if (toldAsChallenge === undefined && !marksChallenges) return undefined;
    edge.lookAlike.learn(challenges, now);
    const headers = marksChallenges ? marked(edge, source, challenges, now) : challenges;
    return { status: response.status, headers };
  }
  if (toldAsChallenge?.includes(response.status) !== true) return undefined;
  const another = edge.lookAlike.another();
  return { status: 401, headers: marksChallenges ? marked(edge, source, another, now) : another };
}

const marked = (
  { guesses }: Edge,
  source: string,
  challenges: readonly HeaderChange[],
  now: number,
): readonly HeaderChange[] =>
  challenges.map(({ name, value = '' }) => ({
    name,
    value: guesses.marks.mark(value, source, now),
  }));
