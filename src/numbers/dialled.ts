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

/** What a phone dialled, understood by the site's dial plan. */
export interface Dialled {
  /** Separators, escapes and parameters of the user part taken out. */
  readonly digits: string;
  readonly kind: DialledKind;
  /** `+4930123456`, for national and international numbers when it can be told. */
  readonly e164: string | undefined;
  /** ISO 3166 alpha-2; +1, +7, +39 and +44 are split into their countries. */
  readonly country: string | undefined;
  readonly callingCode: string | undefined;
  readonly class: NumberClass;
  /** The entries of the high-risk list that match. */
  readonly risks: readonly string[];
  /** Dialled before the number, `PIN*number`. Never part of `digits`; never logged. */
  readonly pin: string | undefined;
}
