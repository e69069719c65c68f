import type { Edge } from './edge.ts';
import { sourceOf } from './packed-address.ts';
import type { Incoming } from './signaling.ts';

/**
 * A challenge of our own, like the PBX's, in place of an answer: who is really at this address answers it. The PBX is not
 * asked, and knows nothing of it: the credentials that come back go no further, and it challenges for itself. Nothing is
 * kept of whom it goes to either: most of those who are challenged here never wrote a thing.
 */
export function challengeHere({ lookAlike, guesses }: Edge, incoming: Incoming): void {
  const source = sourceOf(incoming.flow.address);
  const now = Date.now();
  const headers = lookAlike
    .another()
    .map(({ name, value = '' }) => ({ name, value: guesses.marks.markOwn(value, source, now) }));
  incoming.turnAway(401, headers);
}
