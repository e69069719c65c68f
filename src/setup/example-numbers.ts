import examples from 'libphonenumber-js/mobile/examples';
import { readHighRiskNumbers } from '../config/high-risk-numbers.ts';
import { describeNumber } from '../numbers/describe-number.ts';
import { numberingPlanOf } from '../numbers/numbering-plan.ts';
import { compileRiskyRanges } from '../numbers/risky-ranges.ts';

const mobiles: Readonly<Record<string, string | undefined>> = examples;

/** A number of a country in its international form that anybody could have; undefined for countries without any. */
export function exampleOf(country: string): string | undefined {
  const plan = numberingPlanOf(country);
  const national = mobiles[country];
  if (plan === undefined || national === undefined) return undefined;
  const digits = plan.callingCode + national;
  return describeNumber(digits, null).country === country ? `+${digits}` : undefined;
}

/** What premium-rate numbers begin with in one country or another. */
const beginnings = [
  ...['900', '909', '906', '901', '90', '899', '898', '89', '806', '803', '70', '60'],
  ...['1', '9', '8', '0'],
];
const endings = ['123456789012345', '234567890123456', '012345678901234', '456789012345678'];

/** A premium-rate number of a country in its international form; undefined where none is found. */
export function premiumOf(country: string): string | undefined {
  const plan = numberingPlanOf(country);
  if (plan === undefined) return undefined;
  const nationals = beginnings.flatMap((begin) =>
    plan.lengths.flatMap((length) =>
      endings.map((ending) => begin + ending.slice(0, Math.max(0, length - begin.length))),
    ),
  );
  return nationals
    .map((national) => describeNumber(plan.callingCode + national, country))
    .find((one) => one.class === 'premium' && one.valid && one.country === country)?.e164;
}

/** Those of these countries whose numbers are in ranges known for fraud: allowed or not, they are barred. */
export function highRiskOf(countries: readonly string[]): readonly string[] {
  const risksOf = compileRiskyRanges(readHighRiskNumbers(null, 'site.highRiskNumbers').ranges);
  return countries.filter((country) => {
    const example = exampleOf(country);
    return example !== undefined && risksOf(example.slice(1)).length > 0;
  });
}
