import { z } from 'zod';
import type { Dialled } from '../numbers/dialled.ts';
import { compilePatterns, type PatternSet } from '../numbers/pattern.ts';
import type { ExtensionProfile } from './extension-profile.ts';
import { numberPattern } from './forms.ts';
import type { Times } from './times.ts';

const names = z.array(z.string().min(1));
const dialable = (most: number) =>
  z.string().regex(new RegExp(`^[0-9*#+]{0,${most}}$`), `at most ${most} of 0-9, *, # and +`);

const route = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits, ".", "-" or "_", at most 64')
    .describe('how logs, metrics and status call it'),
  patterns: z
    .array(numberPattern)
    .min(1)
    .describe(
      'numbers it takes, in quotes: "00.", "+49!", "0[1-9]XXX."; with + it is E.164 that must fit, else what is dialled',
    ),
  strip: z
    .int()
    .min(0)
    .max(20)
    .default(0)
    .describe('how many characters are taken off the front of what fitted'),
  prepend: dialable(16).default('').describe('and what is put there instead, in quotes'),
  trunks: names
    .min(1)
    .describe('names of trunks, in the order in which they are tried (see routes/trunks.yaml)'),
  extensions: names
    .default([])
    .describe('whom it serves, in quotes; none, nor groups: every extension'),
  groups: names.default([]).describe('and the groups whom it serves'),
  times: names
    .default([])
    .describe('when: names of times (see policies/times.yaml), any of them; none: always'),
  pin: z
    .union([z.literal('any'), names.min(1)], 'any, or a list of names')
    .nullable()
    .default(null)
    .describe(
      'entries of policies/pins.yaml of which one must be dialled: a list, or any; null: none',
    ),
  maxCallSeconds: z
    .int()
    .min(1)
    .max(604_800)
    .nullable()
    .default(null)
    .describe('its calls end after this; null: outbound.call-duration'),
});

/** O13: where calls to the telephone network go, first match first. */
export const outboundRoutesSchema = z.array(route).default([]);
export type OutboundRoute = z.output<typeof route>;

/** Who calls what, and when, as far as a route depends on it. */
export interface Wanted {
  readonly dialled: Dialled;
  readonly extension: string | undefined;
  readonly profile: ExtensionProfile;
  readonly at: number;
}

export interface Chosen {
  readonly route: OutboundRoute;
  /** Where it stands in the list. */
  readonly index: number;
  /** What is dialled at its trunks. */
  readonly number: string;
}

/**
 * The dial plan toward the trunks. The first route counts whose pattern fits, that serves the caller and whose time it
 * is; where there is none, the first whose pattern fits says why not.
 */
export class OutboundRoutes {
  readonly list: readonly OutboundRoute[];
  readonly #outsidePrefix: string;
  readonly #times: Times;
  readonly #isEmergency: (digits: string) => boolean;
  readonly #patterns: readonly PatternSet[];
  readonly #all: PatternSet;
  /** Of each pattern in `#all`, the route it is of. */
  readonly #routeOf: readonly number[];
  readonly #byName: ReadonlyMap<string, number>;

  constructor(
    list: readonly OutboundRoute[],
    outsidePrefix: string,
    times: Times,
    isEmergency: (digits: string) => boolean,
  ) {
    this.#isEmergency = isEmergency;
    this.list = list;
    this.#outsidePrefix = outsidePrefix;
    this.#times = times;
    this.#patterns = list.map(({ patterns }) => compilePatterns(patterns));
    this.#all = compilePatterns(list.flatMap(({ patterns }) => patterns));
    this.#routeOf = list.flatMap(({ patterns }, index) => patterns.map(() => index));
    this.#byName = new Map(list.map(({ name }, index) => [name, index]));
  }

  get configured(): boolean {
    return this.list.length > 0;
  }

  named(name: string | undefined): OutboundRoute | undefined {
    const index = this.indexOf(name);
    return index === undefined ? undefined : this.list[index];
  }
  indexOf(name: string | undefined): number | undefined {
    return name === undefined ? undefined : this.#byName.get(name);
  }

  choose(wanted: Wanted): Chosen | undefined {
    if (this.list.length === 0) return undefined;
    const texts = this.#textsOf(wanted.dialled);
    // behind a prefix of 9, 911 is not 11
    if (wanted.dialled.kind === 'emergency')
      return this.#chooseForEmergency(texts.filter(this.#isEmergency));
    const first = this.#firstOf(texts);
    if (first === undefined) return undefined;
    if (this.#isFor(first.route, wanted)) return first;
    for (let index = first.index + 1; index < this.list.length; index++) {
      const next = this.#at(index, texts);
      if (next !== undefined && this.#isFor(next.route, wanted)) return next;
    }
    return first;
  }

  serves(route: OutboundRoute, extension: string | undefined, profile: ExtensionProfile): boolean {
    const { extensions, groups } = route;
    if (extensions.length === 0 && groups.length === 0) return true;
    return (
      (extension !== undefined && extensions.includes(extension)) ||
      profile.groups.some((group) => groups.includes(group))
    );
  }

  isOpen({ times }: OutboundRoute, at: number): boolean {
    return this.#times.isAnyNow(times, at);
  }

  /**
   * An emergency call takes whichever way there is, whomever it serves. It is called by its own number: only a route
   * that names that very number may change it, a pattern that happens to fit must not.
   */
  #chooseForEmergency(texts: readonly string[]): Chosen | undefined {
    for (const [index, { patterns }] of this.list.entries())
      if (texts.some((text) => patterns.includes(text))) return this.#at(index, texts);
    const first = this.#firstOf(texts);
    return first && { ...first, number: texts[1] ?? texts[0] ?? '' };
  }

  #isFor(route: OutboundRoute, { extension, profile, at }: Wanted): boolean {
    return this.serves(route, extension, profile) && this.isOpen(route, at);
  }

  /** The same number as patterns may have it: as dialled, without the outside line's prefix, and E.164. */
  #textsOf({ digits, e164 }: Dialled): readonly string[] {
    const prefix = this.#outsidePrefix;
    const texts = [digits];
    if (prefix !== '' && digits.startsWith(prefix)) texts.push(digits.slice(prefix.length));
    if (e164 !== undefined && e164 !== digits) texts.push(e164);
    return texts;
  }

  #firstOf(texts: readonly string[]): Chosen | undefined {
    let first: number | undefined;
    for (const text of texts) {
      const pattern = this.#all.match(text);
      const index = pattern === undefined ? undefined : this.#routeOf[pattern];
      if (index !== undefined && (first === undefined || index < first)) first = index;
    }
    return first === undefined ? undefined : this.#at(first, texts);
  }

  #at(index: number, texts: readonly string[]): Chosen | undefined {
    const route = this.list[index];
    const text = texts.find((one) => this.#patterns[index]?.match(one) !== undefined);
    if (route === undefined || text === undefined) return undefined;
    return { route, index, number: route.prepend + text.slice(route.strip) };
  }
}
