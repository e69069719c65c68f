/** Of the load, unless an edge knows fewer. */
export const USERS = 100_000;

/** How the load generator and the TLS phones name a user. */
export const userName = (user: number): string => `u${String(user).padStart(6, '0')}`;
