const OUTSIDE_DIALOGS = new Set(['REGISTER', 'MESSAGE', 'PUBLISH', 'OPTIONS', 'INFO']);

/** Requests that may open a dialog keep us in its path; an unknown method may, so it does too. */
export const recordsRoute = (method: string): boolean => !OUTSIDE_DIALOGS.has(method);
