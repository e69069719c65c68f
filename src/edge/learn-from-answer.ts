import type { FailureKind } from '../policy/failure-kinds.ts';
import { digestParameter, withDigestParameter } from '../sip/message/digest.ts';
import type { Message } from '../sip/message/message.ts';
import { challengesIn } from '../sip/proxy/challenges.ts';
import { onlyCredentials } from './credentials.ts';
import type { Edge } from './edge.ts';
import type { HeaderChange } from './signaling.ts';

/** Who tried, and whether it counts. */
export interface Attempt {
  readonly extension: string;
  /** Who is counted as one. */
  readonly source: string;
  /** With credentials that answer a challenge which went to this source: nobody else wrote them. */
  readonly proven: boolean;
  /** They prove nothing, and went to the PBX all the same. */
  readonly unproven?: boolean;
  /** It was never registered from there: of such ones few are tried at once. */
  readonly isNew?: boolean;
}

const noChallenges: readonly HeaderChange[] = [];

/** The PBX is asked; what this returns is to be called when it has answered. */
export function beginTrying({ guesses }: Edge, attempts: readonly Attempt[]): () => void {
  if (!attempts.some(isProven)) return nothingUnderWay;
  const ends = attempts
    .filter(isProven)
    .map(({ extension, source, isNew }) => guesses.trying(extension, source, isNew));
  return () => {
    for (const end of ends) end();
  };
}

const isProven = ({ proven }: Attempt): boolean => proven;
const nothingUnderWay = (): void => {};

/** A password that the PBX does not take is a failure of who tried it. */
function learnFromRefusal(edge: Edge, attempt: Attempt, response: Message, now: number): void {
  if (!attempt.proven && attempt.unproven !== true) return;
  const challenges = refusalChallenges(response);
  const kind = failureOf(response, challenges);
  if (kind === undefined) return;
  if (attempt.unproven === true) edge.guesses.doubted(attempt.extension, attempt.source, now);
  else noteFailure(edge, attempt, kind, now);
}

/** Of all that a request tried. Was it only the nonce that was too old? */
export function learnFromRefusals(
  edge: Edge,
  attempts: readonly Attempt[],
  request: Message,
  response: Message,
  now: number,
): boolean {
  const worn = wornOut(edge, attempts, request, response);
  for (const attempt of attempts)
    if (attempt !== worn) learnFromRefusal(edge, attempt, response, now);
  return worn !== undefined;
}

/**
 * Was it only the nonce that was too old? Not every PBX says so by `stale`, and a phone that begins with the nonce it
 * registered by fails then each time it comes again. Which of the attempts it is, if any.
 */
function wornOut(
  { guesses }: Edge,
  [attempt]: readonly Attempt[],
  request: Message,
  response: Message,
): Attempt | undefined {
  const challenges = refusalChallenges(response);
  if (attempt === undefined || challenges.length === 0 || challenges.some(isStale))
    return undefined;
  const credentials = onlyCredentials(request);
  if (credentials === undefined) return undefined;
  const { extension, source } = attempt;
  return guesses.marks.areWornOut(credentials, extension, source) ? attempt : undefined;
}

/** What a refusal demands to be known; none when it is another refusal. */
export const refusalChallenges = (response: Message): readonly HeaderChange[] =>
  response.status === 401 || response.status === 407 ? challengesIn(response) : noChallenges;

export function noteFailure(edge: Edge, attempt: Attempt, kind: FailureKind, now: number): void {
  edge.guesses.failed(attempt.extension, attempt.source, kind, now);
  edge.attacks.failed(attempt.extension, attempt.source, now);
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

/** A phone then answers by itself with the nonce it is given, and asks nobody for a password. */
export const asStale = (challenge: string): string =>
  `${withDigestParameter(challenge, 'stale', undefined)}, stale=true`;

/** RFC 7616 §3.3: the password was right, the nonce too old. */
const isStale = ({ value = '' }: HeaderChange): boolean =>
  digestParameter(value, 'stale')?.toLowerCase() === 'true';
