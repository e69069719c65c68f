import type { EventKind, EventLevel } from '../edge/event-kinds.ts';
import type { Question } from '../policy/asking/question.ts';
import type { Asked } from '../policy/policy.ts';
import type { Reason } from '../policy/reasons.ts';

/** Something that happened at the gate, for people and programs that look back. Holds no secret and no PIN. */
export interface GateEvent {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly level: EventLevel;
  readonly kind: EventKind;
  /** How often, when the same came again within a second. */
  readonly count: number;
  readonly stage?: string;
  readonly verdict?: 'reject' | 'drop' | 'challenge';
  readonly status?: number;
  readonly reason?: Reason;
  readonly rule?: string;
  readonly method?: string;
  readonly source?: string;
  readonly port?: number;
  readonly transport?: string;
  readonly realm?: string;
  readonly tier?: string;
  readonly country?: string;
  readonly userAgent?: string;
  readonly extension?: string;
  /** As dialled, or in E.164; a PIN is never part of it. */
  readonly number?: string;
  readonly trunk?: string;
  readonly route?: string;
  /** The entry of the PIN that was dialled. */
  readonly pin?: string;
  readonly callId?: string;
  readonly seconds?: number;
  readonly exception?: string;
  readonly text?: string;
  readonly trail?: readonly Asked[];
  /** What else the rules looked at, where it was not as usual: with it the same can be asked of another policy. */
  readonly asked?: Partial<Question>;
}
