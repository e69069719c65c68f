import type { Decision } from '../policy/policy.ts';
import type { HeaderChange, Incoming } from './signaling.ts';

/** Carries out a refusal. True when the request may go on. */
export function admit(incoming: Incoming, { verdict }: Decision): boolean {
  switch (verdict.kind) {
    case 'pass':
      return true;
    case 'drop':
      incoming.drop();
      return false;
    case 'reject': {
      const { status, phrase, retryAfterSeconds } = verdict;
      const headers: readonly HeaderChange[] =
        retryAfterSeconds === undefined
          ? []
          : [{ name: 'Retry-After', value: String(retryAfterSeconds) }];
      incoming.answer(status, headers, phrase);
      return false;
    }
  }
}
