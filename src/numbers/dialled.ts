export type DialledKind =
  | 'emergency'
  | 'extension'
  | 'service'
  | 'national'
  | 'international'
  | 'unknown';

export type NumberClass =
  | 'fixed'
  | 'mobile'
  | 'fixed-or-mobile'
  | 'toll-free'
  | 'shared-cost'
  | 'premium'
  | 'voip'
  | 'personal'
  | 'pager'
  | 'universal-access'
  | 'voicemail'
  | 'satellite'
  | 'international-network'
  | 'short-code'
  | 'unknown';

/** What a phone dialled, read by the site's dial plan. */
export interface Dialled {
  /**
   * What was dialled without separators, escapes, parameters and PIN. What is sent on must be made of
   * this: whatever was left out has not been judged. Text that no keypad can dial stays as it came.
   */
  readonly digits: string;
  /** `unknown` is what the dial plan cannot explain: treat it as a call abroad that nobody allowed. */
  readonly kind: DialledKind;
  /** `+4930123456`. Longer than E.164 allows when too much was dialled: switches ignore the rest. */
  readonly e164: string | undefined;
  /**
   * ISO 3166 alpha-2 (with AC, TA and XK, which have calling codes). Undefined for satellites,
   * international networks, and wherever the digits do not tell.
   */
  readonly country: string | undefined;
  readonly callingCode: string | undefined;
  readonly class: NumberClass;
  /** Names of the high-risk list's entries that match. */
  readonly risks: readonly string[];
  /** What stood before the dial plan's PIN separator. A secret: never to be logged. */
  readonly pin: string | undefined;
}
