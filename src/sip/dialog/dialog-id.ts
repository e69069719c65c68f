/**
 * Call-ID and the tag of whoever began it: what a drachtio-server and programs know a dialog by, whichever side of it is
 * theirs, and what a call goes by while it rings.
 */
export const dialogIdOf = (callId: string, fromTag: string): string =>
  `${callId};from-tag=${fromTag}`;

/** With the tag of whoever answered: one of those that a forked INVITE became. */
export const answeredIdOf = (callId: string, fromTag: string, toTag: string): string =>
  `${dialogIdOf(callId, fromTag)};to-tag=${toTag}`;
