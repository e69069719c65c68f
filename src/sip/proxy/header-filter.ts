import { Header, headerId, headersBeginning } from '../message/header-name.ts';
import type { Message } from '../message/message.ts';
import { endOfName } from '../message/name-address.ts';
import type { Rewrite } from '../message/rewrite.ts';

const COLON = 58;
const TAB = 9;
const SPACE = 32;

interface Name {
  readonly lower: string;
  /** What follows does not matter. */
  readonly beginning: boolean;
}

/** Takes headers out by their names, `Server`, or by how these begin, `X-Asterisk-*`. */
export class HeaderFilter {
  readonly #known = new Uint8Array(256);
  /** The others by their first letter, so that most lines are passed over at once. */
  readonly #others: (readonly Name[] | undefined)[] = new Array(32).fill(undefined);
  readonly empty: boolean;

  readonly #spared: string | undefined;

  /** `spared` stays, whatever the patterns say. */
  constructor(patterns: readonly string[], spared?: string) {
    this.empty = patterns.length === 0;
    this.#spared = spared?.toLowerCase();
    for (const pattern of patterns) {
      const beginning = pattern.endsWith('*');
      const name = beginning ? pattern.slice(0, -1) : pattern;
      const id = headerId(name);
      if (beginning) for (const known of headersBeginning(name)) this.#known[known] = 1;
      else if (id !== Header.other) this.#known[id] = 1;
      const letter = name.charCodeAt(0) & 31;
      const same = this.#others[letter] ?? [];
      this.#others[letter] = [...same, { lower: name.toLowerCase(), beginning }];
    }
  }

  remove(message: Message, rewrite: Rewrite): void {
    if (this.empty) return;
    const { lineCount } = message;
    for (let line = 0; line < lineCount; line++) {
      const id = message.lineId(line);
      const named =
        id === Header.other
          ? this.#isNamed(message.wire, message.lineStart(line))
          : this.#known[id] === 1;
      if (named && !this.#spares(message, line)) rewrite.removeLine(line);
    }
  }

  #spares(message: Message, line: number): boolean {
    return this.#spared !== undefined && message.lineName(line).toLowerCase() === this.#spared;
  }

  #isNamed(wire: string, start: number): boolean {
    const names = this.#others[wire.charCodeAt(start) & 31];
    if (names === undefined) return false;
    for (const { lower, beginning } of names) {
      const end = endOfName(wire, start, lower);
      if (end < 0) continue;
      const next = wire.charCodeAt(end);
      if (beginning || next === COLON || next === SPACE || next === TAB) return true;
    }
    return false;
  }
}
