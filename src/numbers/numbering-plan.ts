import metadata from 'libphonenumber-js/max/metadata';
import { moreAbroad } from './carrier-prefixes.ts';
import { isDigits } from './dialable.ts';
import type { NumberClass } from './dialled.ts';
import { EMPTY_PREFIX, longerPrefix, prefixNumber } from './prefix-number.ts';

/** One class of a country's numbers. */
interface ClassRange {
  readonly class: NumberClass;
  readonly shape: RegExp;
  readonly lengths: readonly number[];
}

/** How the numbers of one country, or of one international code, are built. */
export interface NumberingPlan {
  readonly callingCode: string;
  /** What is dialled before a number within the country; empty where nothing is. */
  readonly nationalPrefix: string;
  /** The same with carriers' codes, and with what only stands in a number dialled within the country. */
  readonly trunk: RegExp;
  /** What a match of `trunk` that captures something becomes. */
  readonly trunkRewrite: string;
  /** What is dialled before a number abroad; undefined where a carrier must be chosen with it. */
  readonly internationalPrefix: string | undefined;
  /** All that may be dialled before a number abroad, at `lastIndex`. */
  readonly abroad: RegExp;
  /** Is all of a text that? Of `001` and `00`, in Hong Kong, both are. */
  readonly abroadWhole: RegExp;
  readonly shape: RegExp;
  readonly lengths: readonly number[];
  /** What all numbers of this country begin with, where several share one calling code. */
  readonly leadingDigits: RegExp | undefined;
  readonly ranges: readonly ClassRange[];
}

/**
 * The library builds every expression anew for every number, which costs 6 to 40 µs; its tables, compiled
 * once per country, answer within one. They are arrays: these are their columns.
 */
const column = {
  callingCode: 0,
  abroad: 1,
  shape: 2,
  lengths: 3,
  nationalPrefix: 5,
  trunk: 7,
  trunkRewrite: 8,
  leadingDigits: 10,
  types: 11,
  abroadByDefault: 12,
} as const;

/** The library's columns of types, in the order in which it asks them. */
const typeColumns: readonly (readonly [number, NumberClass])[] = [
  [0, 'fixed'],
  [1, 'mobile'],
  [3, 'premium'],
  [2, 'toll-free'],
  [9, 'shared-cost'],
  [8, 'voip'],
  [4, 'personal'],
  [7, 'pager'],
  [6, 'universal-access'],
  [5, 'voicemail'],
];

const rows: Readonly<Record<string, readonly unknown[] | undefined>> = {
  ...metadata.countries,
  ...metadata.nonGeographic,
};
const plans = new Map<string, NumberingPlan>();

/** The plan of a country, or of an international code like `881`. */
export function numberingPlanOf(name: string): NumberingPlan | undefined {
  const known = plans.get(name);
  if (known) return known;
  const row = Object.hasOwn(rows, name) ? rows[name] : undefined;
  if (!row) return undefined;
  const plan = compilePlan(row, Object.hasOwn(moreAbroad, name) ? moreAbroad[name] : undefined);
  plans.set(name, plan);
  return plan;
}

const countriesByCode: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(metadata.country_calling_codes),
);
const noCountries: readonly string[] = [];

/** The countries that share a calling code, the main one first; none for international codes. */
export const countriesOf = (callingCode: string): readonly string[] =>
  countriesByCode.get(callingCode) ?? noCountries;

/** Assigned to nobody now, but carriers still hand the old Inmarsat ocean codes to satellites. */
export const retiredSatelliteCodes: readonly string[] = ['871', '872', '873', '874'];

const LONGEST_CALLING_CODE = 3;
const callingCodes: ReadonlyMap<number, string> = new Map(
  [
    ...Object.keys(metadata.country_calling_codes),
    ...Object.keys(metadata.nonGeographic),
    ...retiredSatelliteCodes,
  ].map((code) => [prefixNumber(code), code]),
);

/** The calling code that digits begin with. */
export function callingCodeOf(digits: string): string | undefined {
  let prefix = EMPTY_PREFIX;
  for (let at = 0; at < digits.length && at < LONGEST_CALLING_CODE; at++) {
    prefix = longerPrefix(prefix, digits, at);
    const code = callingCodes.get(prefix);
    if (code !== undefined) return code;
  }
  return undefined;
}

/** A national number's class, as the library has it; undefined when it is not a number of this plan. */
export function classInPlan(plan: NumberingPlan, national: string): NumberClass | undefined {
  if (!plan.shape.test(national)) return undefined;
  const found = plan.ranges.find((range) => holds(range, national))?.class;
  if (found !== 'fixed') return found;
  // A plan without mobiles of their own does not tell them apart.
  const mobiles = plan.ranges.find((range) => range.class === 'mobile');
  return mobiles === undefined || holds(mobiles, national) ? 'fixed-or-mobile' : 'fixed';
}

function holds({ lengths, shape }: ClassRange, national: string): boolean {
  return lengths.includes(national.length) && shape.test(national);
}

/** The national number in what is dialled within the country, and whether it came with a prefix. */
export function nationalIn(
  plan: NumberingPlan,
  dialled: string,
): { readonly national: string; readonly prefixed: boolean } {
  const match = plan.trunk.exec(dialled);
  if (!match || match[0] === '') return { national: dialled, prefixed: false };
  const captured = match.length > 1 && match.at(-1) !== undefined;
  const national =
    captured && plan.trunkRewrite !== ''
      ? dialled.replace(plan.trunk, plan.trunkRewrite)
      : dialled.slice(match[0].length);
  return { national, prefixed: true };
}

function compilePlan(row: readonly unknown[], more: string | undefined): NumberingPlan {
  const lengths = row[column.lengths] as readonly number[];
  const abroad = [more, textOf(row[column.abroad])].filter(Boolean).join('|') || '(?!)';
  return {
    callingCode: String(row[column.callingCode]),
    nationalPrefix: textOf(row[column.nationalPrefix]),
    internationalPrefix: prefixOf(
      textOf(row[column.abroad]),
      // `8~10` waits for a tone.
      textOf(row[column.abroadByDefault]).replace('~', ''),
    ),
    abroad: new RegExp(abroad, 'y'),
    abroadWhole: whole(abroad),
    trunk: new RegExp(
      `^(?:${textOf(row[column.trunk]) || textOf(row[column.nationalPrefix]) || '(?!)'})`,
    ),
    trunkRewrite: textOf(row[column.trunkRewrite]),
    shape: whole(row[column.shape]),
    lengths,
    leadingDigits: row[column.leadingDigits]
      ? new RegExp(`^(?:${textOf(row[column.leadingDigits])})`)
      : undefined,
    ranges: compileRanges(row[column.types] as readonly unknown[], lengths),
  };
}

function prefixOf(abroad: string, byDefault: string): string | undefined {
  if (isDigits(abroad)) return abroad;
  // Taiwan's is given as 0, which begins every national number too.
  return isDigits(byDefault) && byDefault.length > 1 ? byDefault : undefined;
}

function compileRanges(types: readonly unknown[], lengths: readonly number[]): ClassRange[] {
  return typeColumns.flatMap(([at, name]) => {
    const type = types[at] as readonly [string, (readonly number[])?] | 0 | undefined;
    if (!type) return [];
    // An empty expression for mobiles stands for the same one as that for fixed lines.
    const [text, own] = type[0] === '' && name === 'mobile' ? (types[0] as typeof type) : type;
    return text === '' ? [] : [{ class: name, shape: whole(text), lengths: own ?? lengths }];
  });
}

function whole(expression: unknown): RegExp {
  return new RegExp(`^(?:${textOf(expression)})$`);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
