import type { DialPlan } from './dial-plan.ts';
import type { Dialled } from './dialled.ts';
import { numberingPlanOf } from './numbering-plan.ts';

type Prefixes = Pick<
  DialPlan,
  'homeCountry' | 'outsidePrefix' | 'internationalPrefixes' | 'nationalPrefix'
>;

/** Every way in which a number may be written at this site: as it was dialled first. */
export type WaysToDial = (dialled: Dialled) => readonly string[];

/**
 * Who is to be kept from 0137 dials +49137, and where 0 is dialled for an outside line 00137: what is said of a number in one of
 * these is said of it in all.
 */
export function compileWaysToDial(plan: Prefixes): WaysToDial {
  const { homeCountry, outsidePrefix } = plan;
  const home = homeCountry === null ? undefined : numberingPlanOf(homeCountry);
  const own = home ? [home.internationalPrefix ?? ''] : ['00', '011'];
  const abroad = (plan.internationalPrefixes ?? own).filter((prefix) => prefix !== '');
  const prefix = plan.nationalPrefix ?? home?.nationalPrefix ?? '';

  return ({ digits, kind, e164, callingCode }) => {
    const ways = [digits];
    if (outsidePrefix !== '' && digits.startsWith(outsidePrefix) && isOutside(kind))
      ways.push(digits.slice(outsidePrefix.length));
    if (e164 === undefined) return ways;
    const number = e164.slice(1);
    ways.push(e164, number);
    for (const before of abroad) ways.push(before + number);
    if (home !== undefined && callingCode === home.callingCode) {
      const national = number.slice(callingCode.length);
      ways.push(prefix + national);
      // within +1 it may be left away
      if (prefix === '1') ways.push(national);
    }
    return ways;
  };
}

const isOutside = (kind: Dialled['kind']): boolean =>
  kind === 'national' || kind === 'international' || kind === 'unknown';
