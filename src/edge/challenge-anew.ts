import type { Adjustments, Challenge } from '../policy/verdict.ts';
import type { Message } from '../sip/message/message.ts';
import { withoutCredentials } from './credentials.ts';
import type { Edge } from './edge.ts';
import { asStale } from './learn-from-answer.ts';
import type { HeaderChange, Incoming, OwnAnswer, Target } from './signaling.ts';
import { stripForPbx } from './strip-for-pbx.ts';
import { toldToStrangers } from './told-to-strangers.ts';

const without = (name: string): HeaderChange => ({ name, value: undefined });
const noContact: readonly HeaderChange[] = [without('Contact'), without('Path')];

export interface Anew {
  readonly targets: readonly Target[];
  /** Who is counted as one. */
  readonly source: string;
  readonly adjust: Adjustments | undefined;
  readonly verdict: Challenge;
}

/**
 * As if the password had been wrong: the PBX is asked without the credentials, and its challenge goes back. Without a
 * Contact nothing can come of it, should the PBX ask nobody for a password.
 */
export function challengeAnew(edge: Edge, incoming: Incoming, anew: Anew): void {
  const { pbx } = edge;
  incoming.forward({
    targets: anew.targets,
    tryNextAfterMs: pbx.tryNextAfterMs,
    headers: [...stripForPbx(edge, incoming.request), ...withoutCredentials, ...noContact],
    onAnswer: (response) => (response.status < 300 ? noContact : undefined),
    onRefusal: (response) => told(edge, anew, response),
    onTargetFailed: (target, failure) => {
      if (failure !== 'unavailable') pbx.doubt(target);
    },
  });
}

function told(
  edge: Edge,
  { source, adjust, verdict }: Anew,
  response: Message,
): OwnAnswer | undefined {
  const marked = { ...adjust, marksChallenges: adjust?.marksChallenges ?? verdict.stale === true };
  const said = toldToStrangers(edge, source, response, marked, Date.now());
  return verdict.stale === true ? saidStale(said) : said;
}

export function saidStale(said: OwnAnswer | undefined): OwnAnswer | undefined {
  if (said?.headers === undefined) return said;
  const headers = said.headers.map(({ name, value = '' }) => ({ name, value: asStale(value) }));
  return { ...said, headers };
}
