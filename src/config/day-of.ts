/** `2026-11-28`, in UTC. */
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
