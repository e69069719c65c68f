import type { Reason } from './reasons.ts';

/** What a rule says of a packet, a registration or a call. */
export type Verdict = Pass | Refused;
export type Refused = Reject | Drop;

export interface Pass {
  readonly kind: 'pass';
}

export interface Reject extends Refusal {
  readonly kind: 'reject';
  readonly status: number;
  /** In place of the standard phrase of the status. */
  readonly phrase?: string;
  readonly retryAfterSeconds?: number;
}

/** Silence: whoever asked learns nothing, not even that somebody is here. */
export interface Drop extends Refusal {
  readonly kind: 'drop';
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

export const pass: Pass = { kind: 'pass' };

const drop = (reason: Reason, more: Pick<Drop, 'block'> = {}): Drop => ({
  kind: 'drop',
  reason,
  ...more,
});

export const reject = (
  status: number,
  reason: Reason,
  more: Pick<Reject, 'phrase' | 'retryAfterSeconds' | 'block'> = {},
): Reject => ({ kind: 'reject', status, reason, ...more });

/** The refusal that the operator chose. */
export const refuse = (
  answer: Answer,
  reason: Reason,
  more: Pick<Reject, 'phrase' | 'retryAfterSeconds' | 'block'> = {},
): Refused => (answer === 'silence' ? drop(reason, more) : reject(answer, reason, more));
