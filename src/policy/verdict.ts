import type { Reason } from './reasons.ts';

/** What a rule says of a packet, a registration or a call. */
export type Verdict = Pass | Adjust | Refused;
export type Refused = Reject | Challenge | Drop;

export interface Pass {
  readonly kind: 'pass';
}

/** It goes on, but not quite as asked. */
export interface Adjust extends Adjustments {
  readonly kind: 'adjust';
}

/** What is done differently with a registration that passes. */
export interface Adjustments {
  /** Seconds: more is cut, toward the PBX and toward the phone; less, but for 0, is raised. */
  readonly expires?: { readonly least: number; readonly most: number };
  /** The PBX and we forget whatever devices are too many, the oldest first. */
  readonly keepDevices?: number;
  /** Challenges on their way back get a mark of ours, by which their answer proves that it comes from there. */
  readonly marksChallenges?: boolean;
  /** Answers of the PBX that say whether an extension exists are told as a challenge: these, with any 401 and 407. */
  readonly toldAsChallenge?: readonly number[];
}

export interface Reject extends Refusal {
  readonly kind: 'reject';
  readonly status: number;
  /** In place of the standard phrase of the status. */
  readonly phrase?: string;
  readonly retryAfterSeconds?: number;
  /** So much later at most, by chance, so that those who are told do not all come at once. */
  readonly spreadSeconds?: number;
  /** RFC 3261 §20.23, with a 423. */
  readonly minExpiresSeconds?: number;
}

/** Silence: whoever asked learns nothing, not even that somebody is here. */
export interface Drop extends Refusal {
  readonly kind: 'drop';
}

/**
 * A REGISTER: as if the password had been wrong. The PBX is asked without the credentials and its challenge goes
 * back, so nobody can tell this from what any other extension is told, by the bytes or by the time it takes. Of the
 * network, and for calls: we challenge ourselves, by which whoever is really there shows that he is.
 */
export interface Challenge extends Refusal {
  readonly kind: 'challenge';
  /** The credentials may be good, but answer no challenge that is known: RFC 7616 §3.3. */
  readonly stale?: boolean;
}

interface Refusal {
  readonly reason: Reason;
  /** The source is to be blocked from now on. */
  readonly block?: Block;
}

export interface Block {
  readonly seconds: number;
}

/** How a rule is told to refuse, in its options. */
export type Answer = 'silence' | number;
/** How a rule about registrations is. */
export type RegistrationAnswer = Answer | 'challenge';

export const pass: Pass = { kind: 'pass' };
/** It passes, and the rules behind this one are not asked at this stage. */
export const accept: Pass = { kind: 'pass' };

/** Whoever is really there shows that he is, and is judged then. */
export const asked = (reason: Reason): Challenge => ({ kind: 'challenge', reason });

const drop = (reason: Reason, more: Pick<Drop, 'block'> = {}): Drop => ({
  kind: 'drop',
  reason,
  ...more,
});

export const reject = (
  status: number,
  reason: Reason,
  more: Omit<Reject, 'kind' | 'status' | 'reason'> = {},
): Reject => ({ kind: 'reject', status, reason, ...more });

/** The refusal that the operator chose. */
export const refuse = (
  answer: Answer,
  reason: Reason,
  more: Pick<Reject, 'phrase' | 'retryAfterSeconds' | 'block'> = {},
): Refused => (answer === 'silence' ? drop(reason, more) : reject(answer, reason, more));

/** The same for a registration. */
export const refuseRegistration = (
  answer: RegistrationAnswer,
  reason: Reason,
  more: Pick<Challenge, 'block'> = {},
): Refused =>
  answer === 'challenge' ? { kind: 'challenge', reason, ...more } : refuse(answer, reason, more);
