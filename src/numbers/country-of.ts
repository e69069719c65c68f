import { classInPlan, countriesOf, numberingPlanOf } from './numbering-plan.ts';
import { EMPTY_PREFIX, longerPrefix, prefixNumber } from './prefix-number.ts';

/**
 * Who owns which prefix of a calling code that several countries share; the longest that matches wins.
 * The library knows a country only by whole numbers. A switch goes by the prefix and ignores digits too
 * many, so a number that is too long for the library still reaches the country of its prefix.
 */
const sharedCodes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '7': { '6': 'KZ', '7': 'KZ' },
  '39': { '06698': 'VA' },
  '44': {
    '1481': 'GG',
    '7781': 'GG',
    '7839': 'GG',
    '79111': 'GG',
    '79117': 'GG',
    '1534': 'JE',
    '7509': 'JE',
    '77003': 'JE',
    '77007': 'JE',
    '77008': 'JE',
    '7797': 'JE',
    '7829': 'JE',
    '7937': 'JE',
    '1624': 'IM',
    '7524': 'IM',
    '74576': 'IM',
    '7624': 'IM',
    '7924': 'IM',
  },
  '47': { '79': 'SJ' },
  '61': { '89162': 'CC', '89164': 'CX' },
  '212': { '5288': 'EH', '5289': 'EH' },
  '262': { '2689': 'YT', '2696': 'YT', '639': 'YT', '70935': 'YT', '70936': 'YT', '70937': 'YT' },
  '290': { '8': 'TA' },
  '358': { '18': 'AX' },
  '599': { '3': 'BQ', '4': 'BQ', '7': 'BQ' },
  '672': { '1': 'AQ' },
};
const LONGEST_SHARED = 5;
const sharedPrefixes: ReadonlyMap<string, ReadonlyMap<number, string>> = new Map(
  Object.entries(sharedCodes).map(([callingCode, owners]) => [
    callingCode,
    new Map(Object.entries(owners).map(([prefix, owner]) => [prefixNumber(prefix), owner])),
  ]),
);

/** Countries whose numbers are dialled, and charged, as those of the country they belong to. */
const oneNation: Readonly<Record<string, string>> = {
  AX: 'FI',
  BL: 'GP',
  CC: 'AU',
  CX: 'AU',
  EH: 'MA',
  MF: 'GP',
  SJ: 'NO',
  TA: 'SH',
  VA: 'IT',
  YT: 'RE',
};

/** Is a call from one to the other not a call abroad? */
export function sameNation(one: string, other: string): boolean {
  return (oneNation[one] ?? one) === (oneNation[other] ?? other);
}

/**
 * The country of a national number under a calling code, valid or not; undefined for international
 * codes and for area codes of +1 that nobody has. Numbers that all countries of a code share, toll-free
 * ones say, belong to `home` if it is one of them, else to the main country.
 */
export function countryOf(
  callingCode: string,
  national: string,
  home?: string | null,
): string | undefined {
  const countries = countriesOf(callingCode);
  const [main] = countries;
  if (main === undefined || countries.length === 1)
    return sharedOwner(callingCode, national) ?? main;

  const owner =
    callingCode === '1' ? areaOf(national) : (sharedOwner(callingCode, national) ?? main);
  if (owner !== main && owner !== SHARED) return owner;
  if (home && home !== main && countries.includes(home)) {
    const plan = numberingPlanOf(home);
    if (owner === SHARED || (plan && classInPlan(plan, national) !== undefined)) return home;
  }
  if (owner === SHARED) return main;
  return callingCode === '590' || callingCode === '61' ? exactOwner(countries, national) : owner;
}

function sharedOwner(callingCode: string, national: string): string | undefined {
  const owners = sharedPrefixes.get(callingCode);
  if (owners === undefined) return undefined;
  let owner: string | undefined;
  let prefix = EMPTY_PREFIX;
  for (let at = 0; at < national.length && at < LONGEST_SHARED; at++) {
    prefix = longerPrefix(prefix, national, at);
    owner = owners.get(prefix) ?? owner;
  }
  return owner;
}

/** Islands whose ranges are single exchanges of a bigger neighbour: only whole numbers tell. */
function exactOwner(countries: readonly string[], national: string): string | undefined {
  const exact = countries.find((country) => {
    const plan = numberingPlanOf(country);
    return plan !== undefined && classInPlan(plan, national) !== undefined;
  });
  return exact ?? countries[0];
}

/** A number that any country of +1 may have. */
const SHARED = '+1';

/** Who has an area code of +1: islands by their leading digits, the two big ones by trying. */
function ownerOfArea(area: string): string | undefined {
  const island = islands().find(({ digits }) => digits.test(area));
  return island?.country ?? bigOwner(area);
}

let found: readonly { readonly country: string; readonly digits: RegExp }[] | undefined;

function islands() {
  found ??= countriesOf('1').flatMap((country) => {
    const digits = numberingPlanOf(country)?.leadingDigits;
    return digits ? [{ country, digits }] : [];
  });
  return found;
}

function bigOwner(area: string): string | undefined {
  const inPlan = (country: string) => {
    const plan = numberingPlanOf(country);
    // Codes from 500 on are given out by the exchange.
    return (area.startsWith('5') ? exchanges : exchanges.slice(0, 1)).some(
      (exchange) => plan && classInPlan(plan, `${area}${exchange}5678`),
    );
  };
  const [us, ca] = [inPlan('US'), inPlan('CA')];
  if (us && ca) return SHARED;
  if (us) return 'US';
  return ca ? 'CA' : undefined;
}

/** Enough to meet every area code that numbers are given out of. */
const exchanges = ['234', '335', '354', '446', '502', '555', '662', '777', '922'];

const NOBODY = '';
/** Those asked for so far: all of them take ten milliseconds, and every command and thread would wait for that. */
const areas = new Map<string, string>();

function areaOf(national: string): string | undefined {
  const area = national.slice(0, 3);
  let owner = areas.get(area);
  if (owner === undefined) {
    if (!/^[2-9]\d\d$/.test(area)) return undefined;
    owner = ownerOfArea(area) ?? NOBODY;
    areas.set(area, owner);
  }
  return owner === NOBODY ? undefined : owner;
}
