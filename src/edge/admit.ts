import type { Decision } from '../policy/policy.ts';
import type { HeaderChange, Incoming } from './signaling.ts';

/** Carries out a refusal: of what comes in floods nothing is kept. True when the request may go on. */
export function admit(
  incoming: Incoming,
  { verdict }: Decision,
  how: 'answer' | 'turnAway' = 'answer',
): boolean {
  switch (verdict.kind) {
    case 'pass':
      return true;
    case 'challenge': // where nobody can challenge
      incoming.answer(403);
      return false;
    case 'drop':
      incoming.drop();
      return false;
    case 'reject': {
      const { status, phrase, retryAfterSeconds, spreadSeconds, minExpiresSeconds } = verdict;
      const headers: HeaderChange[] = [];
      if (retryAfterSeconds !== undefined)
        headers.push({ name: 'Retry-After', value: spread(retryAfterSeconds, spreadSeconds) });
      if (minExpiresSeconds !== undefined)
        headers.push({ name: 'Min-Expires', value: String(minExpiresSeconds) });
      incoming[how](status, headers, phrase);
      return false;
    }
  }
}

const spread = (seconds: number, most = 0): string =>
  String(seconds + Math.floor(Math.random() * (most + 1)));
