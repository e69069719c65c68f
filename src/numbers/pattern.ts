import { dialable, symbolOf } from './dialable.ts';

const MOST_POSITIONS = 32;
const SYMBOLS = dialable.length;
const EXPECTED = 'expected digits, * # +, X, Z, N, a set like [1-5,7], or . or ! at the end';

type Tail = 'none' | 'one-or-more' | 'any';

/** What a telephony pattern says: which symbols each position takes, as bits, and what may follow. */
export interface Pattern {
  readonly positions: readonly number[];
  readonly tail: Tail;
}

export type ParsedPattern =
  | { readonly ok: true; readonly pattern: Pattern }
  | { readonly ok: false; readonly problem: string };

export interface PatternSet {
  /** The first pattern in order that takes all of `digits`. */
  match(digits: string): number | undefined;
}

const classes: Readonly<Record<string, number>> = {
  X: bitsOf('0123456789'),
  Z: bitsOf('123456789'),
  N: bitsOf('23456789'),
};

/**
 * Reads a pattern as Asterisk writes it: `X` 0-9, `Z` 1-9, `N` 2-9, `[1-5,7]`, `.` for one or more
 * of anything dialable, `!` for zero or more, and a leading `_`, `-` and blanks that mean nothing.
 */
export function parsePattern(text: string): ParsedPattern {
  const positions: number[] = [];
  let tail: Tail = 'none';
  let at = text.startsWith('_') ? 1 : 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === '-' || char === ' ') {
      at++;
      continue;
    }
    if (tail !== 'none') return wrong(`${show(char)} after the end`, at, 'nothing after . or !');
    if (char === '.' || char === '!') {
      tail = char === '.' ? 'one-or-more' : 'any';
      at++;
      continue;
    }
    if (char === '[') {
      const end = text.indexOf(']', at);
      if (end < 0) return wrong("'['", at, "a ']' that closes it");
      const set = parseSet(text.slice(at + 1, end));
      if (typeof set === 'string')
        return wrong(set, at, 'digits, * # +, or a range like 1-5 in [ ]');
      positions.push(set);
      at = end + 1;
      continue;
    }
    const bits = classes[char.toUpperCase()] ?? bitsOf(char);
    if (bits === 0)
      return { ok: false, problem: `found ${show(char)} at position ${at + 1}, ${EXPECTED}` };
    positions.push(bits);
    at++;
  }
  if (positions.length === 0 && tail === 'none')
    return { ok: false, problem: `found nothing, ${EXPECTED}` };
  if (positions.length > MOST_POSITIONS) {
    return {
      ok: false,
      problem: `found ${positions.length} positions, expected at most ${MOST_POSITIONS}: no number is longer`,
    };
  }
  return { ok: true, pattern: { positions, tail } };
}

/** Compiles patterns that `parsePattern` accepts; the set's answers are indexes into them. */
export function compilePatterns(texts: readonly string[]): PatternSet {
  return new BitParallelSet(
    texts.map((text) => {
      const parsed = parsePattern(text);
      if (!parsed.ok) throw new Error(`pattern ${JSON.stringify(text)}: ${parsed.problem}`);
      return parsed.pattern;
    }),
  );
}

/**
 * All patterns walk along the digits at once, one bit each, 32 to a word: there is nothing to
 * backtrack to, and no set of patterns makes it larger than patterns times positions.
 */
class BitParallelSet implements PatternSet {
  readonly #words: number;
  /** Positions that some pattern names; what follows is only for those with a tail. */
  readonly #positions: number;
  /** By word, position and symbol: the patterns that take the symbol there. */
  readonly #takes: Int32Array;
  /** By word and length, the last standing for all that are longer: the patterns that may end there. */
  readonly #ends: Int32Array;
  /** The digits of the look-up under way. */
  readonly #symbols: Uint8Array;

  constructor(patterns: readonly Pattern[]) {
    this.#words = Math.ceil(patterns.length / 32);
    this.#positions = patterns.reduce((most, { positions }) => Math.max(most, positions.length), 0);
    this.#takes = new Int32Array(this.#words * this.#positions * SYMBOLS);
    this.#ends = new Int32Array(this.#words * (this.#positions + 2));
    this.#symbols = new Uint8Array(this.#positions);
    patterns.forEach((pattern, index) => {
      this.#add(pattern, index >> 5, 1 << (index & 31));
    });
  }

  match(digits: string): number | undefined {
    const positions = this.#positions;
    const symbols = this.#symbols;
    for (let at = 0; at < digits.length; at++) {
      const symbol = symbolOf(digits.charCodeAt(at));
      if (symbol < 0) return undefined;
      if (at < positions) symbols[at] = symbol;
    }
    const walked = Math.min(digits.length, positions);
    const length = Math.min(digits.length, positions + 1);
    for (let word = 0; word < this.#words; word++) {
      let alive = this.#ends[word * (positions + 2) + length] ?? 0;
      let cell = word * positions * SYMBOLS;
      for (let at = 0; at < walked && alive !== 0; at++) {
        alive &= this.#takes[cell + (symbols[at] ?? 0)] ?? 0;
        cell += SYMBOLS;
      }
      if (alive !== 0) return word * 32 + (31 - Math.clz32(alive & -alive));
    }
    return undefined;
  }

  #add({ positions, tail }: Pattern, word: number, bit: number): void {
    for (let at = 0; at < this.#positions; at++) {
      const symbols = positions[at] ?? (tail === 'none' ? 0 : -1);
      for (let symbol = 0; symbol < SYMBOLS; symbol++) {
        if ((symbols & (1 << symbol)) !== 0) {
          const cell = (word * this.#positions + at) * SYMBOLS + symbol;
          this.#takes[cell] = (this.#takes[cell] ?? 0) | bit;
        }
      }
    }
    const shortest = positions.length + (tail === 'one-or-more' ? 1 : 0);
    const longest = tail === 'none' ? positions.length : this.#positions + 1;
    for (let length = shortest; length <= longest; length++) {
      const cell = word * (this.#positions + 2) + length;
      this.#ends[cell] = (this.#ends[cell] ?? 0) | bit;
    }
  }
}

/** The symbols of `1-5,7*`, or what is wrong with it. */
function parseSet(text: string): number | string {
  let bits = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === ',') continue;
    if (text.charAt(at + 1) === '-') {
      const last = text.charAt(at + 2);
      if (!/^\d\d$/.test(char + last) || char > last) return `the range '${char}-${last}'`;
      for (let digit = Number(char); digit <= Number(last); digit++) bits |= 1 << digit;
      at += 2;
      continue;
    }
    const symbol = bitsOf(char);
    if (symbol === 0) return `${show(char)} in a set`;
    bits |= symbol;
  }
  return bits === 0 ? 'an empty set' : bits;
}

function bitsOf(chars: string): number {
  let bits = 0;
  for (let at = 0; at < chars.length; at++) {
    const symbol = symbolOf(chars.charCodeAt(at));
    if (symbol >= 0) bits |= 1 << symbol;
  }
  return bits;
}

function wrong(found: string, at: number, expected: string): ParsedPattern {
  return { ok: false, problem: `found ${found} at position ${at + 1}, expected ${expected}` };
}

function show(char: string): string {
  return /\p{Cc}|\p{Cs}/u.test(char) ? 'a character that cannot be shown' : `'${char}'`;
}
