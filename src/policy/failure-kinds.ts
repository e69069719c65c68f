import type { Reason } from './reasons.ts';

/**
 * How somebody fails who tries to register, or to open a route: what is counted against guessing. The first two are
 * learnt from what the PBX answers, the others are refusals of our own.
 */
export const failureKinds = [
  'password-wrong',
  'extension-unknown',
  'extension-unlisted',
  'register-name-wrong',
  'source-not-permitted',
  'remote-not-allowed',
  'transport-not-allowed',
  'certificate-wrong',
  'user-agent-not-allowed',
  'too-many-devices',
  'pin-wrong',
] as const satisfies readonly Reason[];
export type FailureKind = (typeof failureKinds)[number];

export const failureKind = (reason: Reason): FailureKind | undefined =>
  failureKinds.find((kind) => kind === reason);

/** How many failures of a kind are remembered under one key: no limit that is counted by them can be higher. */
export const MOST_REMEMBERED = 100;
