import { countryOf } from './country-of.ts';
import type { NumberClass } from './dialled.ts';
import {
  callingCodeOf,
  classInPlan,
  countriesOf,
  type NumberingPlan,
  numberingPlanOf,
  retiredSatelliteCodes,
} from './numbering-plan.ts';

/** What a number with its calling code says by itself. */
export interface NumberFacts {
  readonly e164: string | undefined;
  readonly callingCode: string | undefined;
  readonly country: string | undefined;
  readonly class: NumberClass;
  /** Is it a whole number that its country's plan knows, no digit more or less? */
  readonly valid: boolean;
}

/** Describes the digits that follow `+`, valid number or not. */
export function describeNumber(digits: string, home: string | null): NumberFacts {
  const callingCode = callingCodeOf(digits);
  if (callingCode === undefined) {
    // No country's code begins with 0: what stands there is not a number anyone can have.
    const e164 = digits === '' || digits.startsWith('0') ? undefined : `+${digits}`;
    return { e164, callingCode, country: undefined, class: 'unknown', valid: false };
  }
  const national = withoutNationalPrefix(callingCode, digits.slice(callingCode.length));
  const country = countryOf(callingCode, national, home);
  const plan = numberingPlanOf(country ?? callingCode);
  const exact = plan && classInPlan(plan, national);
  return {
    e164: `+${callingCode}${national}`,
    callingCode,
    country,
    class:
      networkClass(callingCode, national) ??
      exact ??
      (plan && classOfBeginning(plan, national)) ??
      'unknown',
    valid: exact !== undefined,
  };
}

/** `+44 (0)20 …`: written by people, and dialled by phones, though nobody should. */
function withoutNationalPrefix(callingCode: string, national: string): string {
  const plan = numberingPlanOf(countriesOf(callingCode)[0] ?? callingCode);
  const prefix = plan?.nationalPrefix ?? '';
  if (!plan || prefix === '' || !national.startsWith(prefix)) return national;
  const fewest = Math.min(...plan.lengths);
  let left = national;
  while (left.length > fewest && left.startsWith(prefix) && !plan.shape.test(left)) {
    left = left.slice(prefix.length);
  }
  return left;
}

/** Digits too many do not hide what a number is: a switch that has heard enough connects. */
function classOfBeginning(plan: NumberingPlan, national: string): NumberClass | undefined {
  for (const length of plan.lengths.toReversed()) {
    if (length >= national.length) continue;
    const found = classInPlan(plan, national.slice(0, length));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Codes that belong to no country, by ITU-T E.164's list of assigned codes. */
function networkClass(callingCode: string, national: string): NumberClass | undefined {
  switch (callingCode) {
    case '800':
      return 'toll-free';
    case '808':
      return 'shared-cost';
    case '870':
    case '881':
      return 'satellite';
    case '878':
      return 'personal';
    case '882':
      // EMSAT and Thuraya have theirs among the networks.
      return national.startsWith('13') || national.startsWith('16')
        ? 'satellite'
        : 'international-network';
    case '883':
    case '888':
      return 'international-network';
    case '979':
      return 'premium';
    default:
      return retiredSatelliteCodes.includes(callingCode) ? 'satellite' : undefined;
  }
}
