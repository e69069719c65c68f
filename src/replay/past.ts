import type { Question } from '../policy/asking/question.ts';
import type { FailureKind } from '../policy/failure-kinds.ts';

/** A call or registration that happened, with what became of it. */
export interface PastRequest {
  readonly what: 'request';
  /** Milliseconds since 1970. */
  readonly at: number;
  /** How often, within a second. */
  readonly count: number;
  readonly question: Question;
  readonly callId: string | undefined;
  /** By which rule it was refused; undefined when it was let through. */
  readonly refused: PastRefusal | undefined;
  /** When the call was over; undefined when that is not known. */
  readonly endsAt: number | undefined;
}

export interface PastRefusal {
  readonly stage: string | undefined;
  readonly rule: string;
  readonly reason: string;
}

/** The PBX did not take somebody's credentials. */
export interface PastFailure {
  readonly what: 'failure';
  readonly at: number;
  readonly count: number;
  readonly extension: string;
  /** Who is counted as one. */
  readonly source: string;
  readonly kind: FailureKind;
}

/** Something whose facts do not say enough to judge it again. */
export interface PastUntold {
  readonly what: 'untold';
}

export type Past = PastRequest | PastFailure | PastUntold;
