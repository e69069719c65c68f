import { cleanDialled } from './clean-dialled.ts';
import { sameNation } from './country-of.ts';
import { describeNumber, type NumberFacts } from './describe-number.ts';
import { isDigits } from './dialable.ts';
import type { Dialled, DialledKind } from './dialled.ts';
import { emergencyNumbersOf } from './emergency-numbers.ts';
import {
  callingCodeOf,
  type NumberingPlan,
  nationalIn,
  numberingPlanOf,
} from './numbering-plan.ts';
import { compilePatterns, type PatternSet } from './pattern.ts';
import { compileRiskyRanges, type RiskyRange } from './risky-ranges.ts';

/** How a site dials. Patterns are texts that `parsePattern` accepts, countries ISO 3166 alpha-2. */
export interface DialPlan {
  /** Null: not said; numbers without an international prefix are then national, their country unknown. */
  readonly homeCountry: string | null;
  /** Dialled first for an outside line, like `9`; empty when nothing is. */
  readonly outsidePrefix: string;
  /** `00`, `011`; null: the country's own, or both where it is not said. `+` always is one. */
  readonly internationalPrefixes: readonly string[] | null;
  /** Null: the country's own. */
  readonly nationalPrefix: string | null;
  readonly extensions: readonly string[];
  /** Feature codes that stay in the PBX. */
  readonly services: readonly string[];
  /** Null: those of the home country. */
  readonly emergencyNumbers: readonly string[] | null;
  /** `*` when `PIN*number` is dialled. */
  readonly pinSeparator: string | null;
}

/** Says what a user part, or a tel URI, dials. Never throws. */
export type ReadDialled = (dialled: string) => Dialled;

/** No number of any country has fewer digits, its calling code included: fewer may be an extension. */
const FEWEST_INTERNATIONAL = 6;
/** Numbers of services, like 118 118, have no area code. */
const MOST_SHORT_CODE = 6;
/** A number within another is only looked for where it has digits enough not to be there by chance. */
const FEWEST_WITHIN = 7;
/** A neighbour is dialled without an area code, and has no more digits than this. */
const MOST_NEIGHBOUR = 9;
/** How far into a feature code or a carrier's selection code a number abroad may begin. */
const MOST_CODE = 8;
/** No carrier is chosen by more digits, the international prefix included. */
const MOST_PREFIX = 9;
/** What carriers everywhere take for the international prefix, whatever it is in their country. */
const EVERYWHERE = '00';
/** In place of a number abroad that may be several: it is none that can be read. */
const SEVERAL = 'several';

const noNumber: NumberFacts = {
  e164: undefined,
  callingCode: undefined,
  country: undefined,
  class: 'unknown',
  valid: false,
};

/** Does a dial plan's work that can be done once, and answers with what is left. */
export function compileDialPlan(plan: DialPlan, risks: readonly RiskyRange[]): ReadDialled {
  const reader = new Reader(plan, risks);
  return (dialled) => reader.read(dialled);
}

/**
 * Whatever could be a call abroad is read as one, before anything that would let it pass for an extension,
 * a feature code or a national call; only emergency numbers, which are whole and few, come first.
 */
class Reader {
  readonly #homeCountry: string | null;
  readonly #home: NumberingPlan | undefined;
  readonly #outsidePrefix: string;
  readonly #nationalPrefix: string | null;
  readonly #internationalPrefixes: readonly string[];
  /** For countries where a carrier may be chosen with the international prefix. */
  readonly #carriers: NumberingPlan | undefined;
  readonly #pinSeparator: string | null;
  readonly #emergencies: ReadonlySet<string>;
  readonly #services: PatternSet;
  readonly #extensions: PatternSet;
  readonly #risksOf: (digits: string) => readonly string[];
  readonly #emergency: NumberFacts;
  readonly #shortCode: NumberFacts;
  readonly #local: NumberFacts;

  constructor(plan: DialPlan, risks: readonly RiskyRange[]) {
    const { homeCountry, outsidePrefix } = plan;
    this.#homeCountry = homeCountry;
    this.#home = homeCountry === null ? undefined : numberingPlanOf(homeCountry);
    this.#outsidePrefix = outsidePrefix;
    this.#nationalPrefix = plan.nationalPrefix;
    const own = this.#home ? [this.#home.internationalPrefix ?? ''] : ['00', '011'];
    const prefixes = (plan.internationalPrefixes ?? own).filter((prefix) => prefix !== '');
    this.#internationalPrefixes = ['+', ...prefixes];
    this.#carriers = plan.internationalPrefixes === null ? this.#home : undefined;
    this.#pinSeparator = plan.pinSeparator;
    const emergencies = plan.emergencyNumbers ?? emergencyNumbersOf(homeCountry);
    this.#emergencies = new Set(emergencies.flatMap((each) => [each, outsidePrefix + each]));
    this.#services = compilePatterns(plan.services);
    this.#extensions = compilePatterns(plan.extensions);
    this.#risksOf = compileRiskyRanges(risks);
    this.#local = {
      ...noNumber,
      callingCode: this.#home?.callingCode,
      country: homeCountry ?? undefined,
    };
    this.#shortCode = { ...this.#local, class: 'short-code' };
    this.#emergency = this.#shortCode;
  }

  read(dialled: string): Dialled {
    const { digits, dialable, pin, context } = cleanDialled(dialled, this.#pinSeparator);
    const answer = (kind: DialledKind, facts: NumberFacts = noNumber): Dialled => ({
      digits,
      kind,
      e164: facts.e164,
      country: facts.country,
      callingCode: facts.callingCode,
      class: facts.class,
      risks: facts.e164 === undefined ? noRisks : this.#risksOf(facts.e164.slice(1)),
      pin,
    });

    if (!dialable || digits === '') return answer('unknown');
    if (this.#emergencies.has(digits)) return answer('emergency', this.#emergency);

    const abroad = this.#dialledAbroad(this.#withoutOutsidePrefix(digits));
    const clearlyAbroad =
      abroad !== undefined && (abroad.length >= FEWEST_INTERNATIONAL || digits.includes('+'));
    const inContext = context !== undefined && isDigits(digits);
    if (!clearlyAbroad) {
      const service = this.#services.match(digits) !== undefined;
      if (service || (!inContext && this.#extensions.match(digits) !== undefined)) {
        const carried = this.#carriedBy(digits);
        if (carried) return answer(this.#kindOf(carried), carried);
        return answer(service ? 'service' : 'extension');
      }
    }
    const facts =
      abroad !== undefined
        ? this.#describe(abroad)
        : this.#readNational(this.#withoutOutsidePrefix(digits), digits, context);
    return facts === undefined ? answer('unknown') : answer(this.#kindOf(facts), facts);
  }

  #withoutOutsidePrefix(digits: string): string {
    return digits.startsWith(this.#outsidePrefix)
      ? digits.slice(this.#outsidePrefix.length)
      : digits;
  }

  /**
   * What is dialled abroad after whatever may stand before it. Where a carrier is chosen so, Hong Kong's 001, it may be
   * read in two ways, `00 1 252 …` to Carolina and `001 252 …` to Somalia: each network knows one, and not which is known here.
   */
  #dialledAbroad(digits: string): string | undefined {
    const plain = this.#afterInternationalPrefix(digits);
    const carried = [...this.#afterCarriers(digits)];
    const numbers = plain === undefined ? carried : [...carried, plain];
    // Finland's 994 is Azerbaijan's to a carrier that is given E.164
    if (plain === undefined && carried.length > 0 && this.#isNumberAbroad(digits))
      numbers.push(digits);
    const reached = this.#reachedBy(numbers);
    if (reached.size > 1) return SEVERAL;
    const [only] = reached.values();
    if (only !== undefined || plain !== undefined) return only ?? plain;
    const zeros = this.#afterZeros(digits);
    const [first] = numbers;
    return zeros !== undefined && this.#reachedBy([zeros]).size > 0 ? zeros : (first ?? zeros);
  }

  /** By what they are, those that somebody may have or get, with digits too many or not. */
  #reachedBy(numbers: readonly string[]): ReadonlyMap<string | undefined, string> {
    const reached = new Map<string | undefined, string>();
    for (const number of numbers) {
      const facts = this.#describe(number);
      if (facts !== undefined && mayReach(facts)) reached.set(facts.e164, number);
    }
    return reached;
  }

  #isNumberAbroad(digits: string): boolean {
    return digits.length > MOST_NEIGHBOUR && this.#abroadWithoutPrefix(digits) !== undefined;
  }

  *#afterCarriers(digits: string): Generator<string> {
    if (this.#carriers === undefined) return;
    const most = Math.min(MOST_PREFIX, digits.length - 1);
    for (let length = most; length > 0; length--)
      if (this.#carriers.abroadWhole.test(digits.slice(0, length))) yield digits.slice(length);
  }

  /** 00 is no prefix in Korea, nor does a number there begin so; but the carrier may be anywhere. */
  #afterZeros(digits: string): string | undefined {
    if (this.#home === undefined || !digits.startsWith(EVERYWHERE)) return undefined;
    const number = digits.replace(/^(?:00)+/, '');
    if (number.length < FEWEST_WITHIN || !isDigits(number)) return undefined;
    return callingCodeOf(number) === undefined ? undefined : number;
  }

  /** What follows the international prefix; some switches take one dialled twice for one. */
  #afterInternationalPrefix(digits: string): string | undefined {
    let at = 0;
    for (let length = -1; length !== 0; at += length) length = this.#prefixLength(digits, at);
    return at === 0 ? undefined : digits.slice(at);
  }

  #prefixLength(digits: string, at: number): number {
    return this.#internationalPrefixes.find((prefix) => digits.startsWith(prefix, at))?.length ?? 0;
  }

  #describe(number: string): NumberFacts | undefined {
    return isDigits(number) ? describeNumber(number, this.#homeCountry) : undefined;
  }

  #kindOf(facts: NumberFacts): 'national' | 'international' {
    if (facts === this.#local || facts === this.#shortCode) return 'national';
    if (this.#homeCountry === null) return 'international';
    const { country, e164 } = facts;
    if (country !== undefined) {
      return sameNation(country, this.#homeCountry) ? 'national' : 'international';
    }
    // An area code of +1 that nobody has is taken for a new one at home: abroad they are hardly ever new.
    const newArea = this.#home?.callingCode === '1' && /^\+1[2-9]\d\d/.test(e164 ?? '');
    return newArea ? 'national' : 'international';
  }

  /**
   * A number without an international prefix. `;phone-context=+44` (RFC 3966) says whose it is; whoever
   * gets the call may heed that or not, so the reading without it stands where that one is the dearer.
   */
  #readNational(number: string, dialled: string, context: string | undefined) {
    const plain = this.#readAtHome(number, dialled);
    if (context === undefined || plain === undefined || !isDigits(number)) return plain;
    if (this.#kindOf(plain) === 'international' || plain.class === 'premium') return plain;
    return this.#describe(context + number);
  }

  #readAtHome(number: string, dialled: string): NumberFacts | undefined {
    if (!isDigits(number)) return undefined;
    const short = number.length <= MOST_SHORT_CODE;
    if (!this.#home) return this.#abroadWithin(dialled) ?? (short ? this.#shortCode : this.#local);

    const { national, prefixed } = this.#withoutNationalPrefix(this.#home, number);
    const facts = describeNumber(this.#home.callingCode + national, this.#homeCountry);
    const whole = prefixed || this.#prefixMayLack(national, facts);
    // Without its prefix it is a neighbour's number, whose area is not known here.
    const known = whole ? facts : { ...facts, e164: undefined };
    if (number.length > MOST_NEIGHBOUR && !this.#isDialledAtHome(facts, national, prefixed)) {
      const bare = this.#abroadWithoutPrefix(number);
      if (bare !== undefined) return bare.valid ? bare : (this.#premiumWithin(dialled) ?? bare);
    }
    if (facts.valid) return known;
    // before `00` is looked for in it: 0900 123 with a digit too many is no call to +1 23…
    const premium = facts.class === 'premium' ? known : this.#premiumWithin(dialled);
    if (premium) return premium;

    const hidden =
      this.#afterInternationalPrefix(national) ??
      this.#afterInternationalPrefix(dialled) ??
      this.#afterOwnPrefix(number);
    if (hidden !== undefined && hidden !== '') return this.#describe(hidden);
    const carried = this.#abroadWithin(dialled);
    if (carried) return carried;
    if (facts.class !== 'unknown') return known;
    if (short) return this.#shortCode;
    if (isNumberOfNobody(this.#home, national)) return undefined;
    return whole ? facts : this.#local;
  }

  #withoutNationalPrefix(home: NumberingPlan, number: string) {
    const prefix = this.#nationalPrefix;
    if (prefix === null) return nationalIn(home, number);
    const prefixed = prefix !== '' && number.startsWith(prefix);
    return { national: prefixed ? number.slice(prefix.length) : number, prefixed };
  }

  /** `442079460123`: who carries calls by E.164 without its + takes it for what it then is. */
  #abroadWithoutPrefix(number: string): NumberFacts | undefined {
    const facts = describeNumber(number, this.#homeCountry);
    return facts.class !== 'unknown' && this.#kindOf(facts) === 'international' ? facts : undefined;
  }

  /** So many digits are an area's and a subscriber's, and the national prefix stands before them where there is one. */
  #isDialledAtHome(facts: NumberFacts, national: string, prefixed: boolean): boolean {
    if (prefixed || (facts.valid && this.#prefixMayLack(national, facts))) return true;
    const known = facts.class !== 'unknown' && !isTooLong(this.#home, national);
    return known && this.#isPrefixOptional(national);
  }

  /** Only a number with an area code is dialled without it and means a neighbour then. */
  #prefixMayLack(national: string, facts: NumberFacts): boolean {
    if (this.#isPrefixOptional(national)) return true;
    return facts.valid && facts.class !== 'fixed' && facts.class !== 'fixed-or-mobile';
  }

  #isPrefixOptional(national: string): boolean {
    const prefix = this.#nationalPrefix ?? this.#home?.nationalPrefix ?? '';
    return prefix === '' || (prefix === '1' && national.length >= 10);
  }

  /** The home country's own international prefix counts though the dial plan forgot it: its network knows. */
  #afterOwnPrefix(number: string): string | undefined {
    if (!this.#home) return undefined;
    const { abroad } = this.#home;
    abroad.lastIndex = 0;
    return abroad.test(number) ? number.slice(abroad.lastIndex) : undefined;
  }

  /** What a feature code calls, or forwards to, and would not be called without being judged. */
  #carriedBy(digits: string): NumberFacts | undefined {
    const abroad = this.#abroadWithin(digits) ?? this.#neighbourWithin(digits);
    return abroad?.valid === true ? abroad : (this.#premiumWithin(digits) ?? abroad);
  }

  /** A number abroad behind a code: `*21*0044…#`, `*21*1001*0044…#`, or 01033 for a carrier of one's choice. */
  #abroadWithin(digits: string): NumberFacts | undefined {
    const last = digits.length - FEWEST_WITHIN - 1;
    for (let at = 1; at <= last; at++) {
      if (at > MOST_CODE && !endsArgument(digits, at)) continue;
      const number = this.#dialledAbroad(digits.slice(at).replace(/#+$/, ''));
      if (number === undefined) continue;
      if (number === SEVERAL) return noNumber;
      if (number.length < FEWEST_WITHIN || !isDigits(number)) continue;
      if (callingCodeOf(number) !== undefined) return describeNumber(number, this.#homeCountry);
    }
    return undefined;
  }

  /** Within +1 a number in another country needs no international prefix: `*67 1 876 …`. */
  #neighbourWithin(digits: string): NumberFacts | undefined {
    if (this.#home?.callingCode !== '1') return undefined;
    // with digits too many a switch connects it all the same
    const number = /^[*#]{1,2}\d{2,3}1?([2-9]\d{9})\d*#?$/.exec(digits)?.[1];
    if (number === undefined) return undefined;
    const facts = describeNumber(`1${number}`, this.#homeCountry);
    return this.#kindOf(facts) === 'international' ? facts : undefined;
  }

  /** In Austria `9 01 234…` by an outside line is a call to Vienna, and no 901 that lacks its national prefix. */
  #isOutsideCall(home: NumberingPlan, number: string): boolean {
    if (this.#outsidePrefix === '' || !number.startsWith(this.#outsidePrefix)) return false;
    const { national, prefixed } = this.#withoutNationalPrefix(
      home,
      number.slice(this.#outsidePrefix.length),
    );
    const facts = describeNumber(home.callingCode + national, this.#homeCountry);
    return prefixed && facts.valid && facts.class !== 'premium';
  }

  /**
   * A premium number at home behind a code: `#31#0900…`, `*67 1 900 …` and, in Britain, `141 0901…` call it, and show no
   * number; `*21*0900…#` forwards there. It may lack its national prefix where a code ends, or one of two or three
   * digits would, and have digits too many.
   */
  #premiumWithin(digits: string): NumberFacts | undefined {
    if (!this.#home) return undefined;
    const last = digits.length - FEWEST_WITHIN;
    for (let at = 1; at <= last; at++) {
      const ends = endsArgument(digits, at);
      if (at > MOST_CODE && !ends) continue;
      const number = digits.slice(at).replace(/#+$/, '');
      if (!isDigits(number)) continue;
      const { national, prefixed } = this.#withoutNationalPrefix(this.#home, number);
      const whole = ends || at === 3 || at === 4;
      if (!prefixed && (!whole || this.#isOutsideCall(this.#home, number))) continue;
      const facts = describeNumber(this.#home.callingCode + national, this.#homeCountry);
      if (facts.class !== 'premium') continue;
      if (prefixed || facts.valid || this.#isPrefixOptional(national)) return facts;
    }
    return undefined;
  }
}

/** Does an argument of a feature code end before this place? */
const endsArgument = (digits: string, at: number): boolean =>
  digits.charAt(at - 1) === '*' || digits.charAt(at - 1) === '#';

/** Of a range that nobody has yet a fraudster may: it has digits enough. The area codes of +1 are all known. */
function mayReach({ class: of, callingCode, country, e164 }: NumberFacts): boolean {
  if (of !== 'unknown') return true;
  const plan = country === undefined ? undefined : numberingPlanOf(country);
  if (plan === undefined || e164 === undefined || callingCode === undefined) return false;
  const digits = e164.length - 1 - callingCode.length;
  return callingCode !== '1' && digits >= Math.min(...plan.lengths);
}

/** Longer than any number of the country, or begun as none is: a code for a carrier or an operator. */
function isNumberOfNobody(home: NumberingPlan, national: string): boolean {
  return (home.callingCode === '1' && /^[01]/.test(national)) || isTooLong(home, national);
}

const isTooLong = (home: NumberingPlan | undefined, national: string): boolean =>
  home !== undefined && national.length > Math.max(...home.lengths);

const noRisks: readonly string[] = Object.freeze([]);
