import type { FailureKind } from '../policy/failure-kinds.ts';
import { digestParameter } from '../sip/message/digest.ts';
import type { Message } from '../sip/message/message.ts';
import { challengesIn } from '../sip/proxy/challenges.ts';
import type { Edge } from './edge.ts';
import type { HeaderChange } from './signaling.ts';

/** Who tried, and whether it counts. */
export interface Attempt {
  readonly extension: string;
  /** Who is counted as one. */
  readonly source: string;
  /** With credentials that answer a challenge which went to this source: nobody else wrote them. */
  readonly proven: boolean;
}

const noChallenges: readonly HeaderChange[] = [];

/**
 * What the PBX's refusal says of who tried: its nonces went to that source, and a password that it does not take is a
 * failure. Returns its challenges.
 */
export function learnFromRefusal(
  edge: Edge,
  attempt: Attempt,
  response: Message,
  now: number,
): readonly HeaderChange[] {
  const challenges = noteChallenges(edge, attempt.source, response, now);
  if (attempt.proven) {
    const kind = failureOf(response, challenges);
    if (kind !== undefined) noteFailure(edge, attempt, kind, now);
  }
  return challenges;
}

/** The challenges of a refusal, from now on known to have gone to that source. */
export function noteChallenges(
  edge: Edge,
  source: string,
  response: Message,
  now: number,
): readonly HeaderChange[] {
  const challenged = response.status === 401 || response.status === 407;
  const challenges = challenged ? challengesIn(response) : noChallenges;
  for (const { value = '' } of challenges) noteChallenge(edge, source, value, now);
  return challenges;
}

export function noteChallenge(edge: Edge, source: string, challenge: string, now: number): void {
  const nonce = digestParameter(challenge, 'nonce');
  if (nonce !== undefined) edge.guesses.challenges.sent(nonce, source, now);
}

export function noteFailure(edge: Edge, attempt: Attempt, kind: FailureKind, now: number): void {
  edge.guesses.failed(attempt.extension, attempt.source, kind, now);
  edge.observer.failed(attempt, kind);
}

/** A call that is forbidden or leads nowhere says nothing of the password; a registration does. */
function failureOf(
  response: Message,
  challenges: readonly HeaderChange[],
): FailureKind | undefined {
  if (challenges.length > 0) return challenges.some(isStale) ? undefined : 'password-wrong';
  if (response.cseqMethod !== 'REGISTER') return undefined;
  if (response.status === 403) return 'password-wrong';
  return response.status === 404 || response.status === 410 || response.status === 604
    ? 'extension-unknown'
    : undefined;
}

/** RFC 7616 §3.3: the password was right, the nonce too old. */
const isStale = ({ value = '' }: HeaderChange): boolean =>
  digestParameter(value, 'stale')?.toLowerCase() === 'true';
