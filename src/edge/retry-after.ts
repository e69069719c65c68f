import type { Edge } from './edge.ts';
import type { HeaderChange } from './signaling.ts';

/** When one who is sent away may come again (RFC 3261 §20.33). */
export const retryAfter = ({ settings }: Pick<Edge, 'settings'>): readonly HeaderChange[] => [
  { name: 'Retry-After', value: String(settings.drain.retryAfterSeconds) },
];
