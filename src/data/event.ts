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
  readonly stage?: string | undefined;
  readonly verdict?: 'reject' | 'drop' | 'challenge' | undefined;
  readonly status?: number | undefined;
  readonly reason?: Reason | undefined;
  readonly rule?: string | undefined;
  readonly method?: string | undefined;
  readonly source?: string | undefined;
  readonly port?: number | undefined;
  readonly transport?: string | undefined;
  readonly realm?: string | undefined;
  readonly tier?: string | undefined;
  readonly country?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly extension?: string | undefined;
  /** As dialled, or in E.164; a PIN is never part of it. */
  readonly number?: string | undefined;
  readonly trunk?: string | undefined;
  readonly route?: string | undefined;
  /** The entry of the PIN that was dialled. */
  readonly pin?: string | undefined;
  readonly callId?: string | undefined;
  readonly seconds?: number | undefined;
  readonly exception?: string | undefined;
  readonly text?: string | undefined;
  readonly trail?: readonly Asked[] | undefined;
  /** What else the rules looked at, where it was not as usual: with it the same can be asked of another policy. */
  readonly asked?: Partial<Question> | undefined;
}
