import { isNode, parseDocument, stringify } from 'yaml';
import type { Path } from './schema-keys.ts';

/** A settings file in which single values are replaced where they stand: every other byte stays as it was. */
export class ValuesText {
  #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** A single value that stands there; undefined where there is none. */
  at(path: Path): unknown {
    return parseDocument(this.#text, { stringKeys: true }).getIn(path);
  }

  /** Puts a value, or a list of them, in place of the one that is there. */
  set(path: Path, value: string | readonly string[]): void {
    const { start, end, column } = this.#placeOf(path);
    const inBlock = typeof value !== 'string' && this.#text.startsWith('- ', start);
    const written = inBlock
      ? value.map((one) => `- ${plain(one)}`).join(`\n${' '.repeat(column)}`)
      : plain(value);
    this.#replace(start, end, written);
  }

  /** Puts lines below a key whose value was written behind it. */
  setBlock(path: Path, lines: readonly string[]): void {
    const { start, end } = this.#placeOf(path);
    const line = this.#text.slice(this.#text.lastIndexOf('\n', start) + 1, start);
    const indent = ' '.repeat(line.search(/\S/) + 2);
    const below = lines.map((text) => `\n${indent}${text}`).join('');
    this.#replace(start - (line.length - line.trimEnd().length), end, below);
  }

  /** Puts lines below the one a value stands on, as far in as the value's own key. */
  addBelow(path: Path, lines: readonly string[]): void {
    const { end } = this.#placeOf(path);
    const begin = this.#text.lastIndexOf('\n', end) + 1;
    const stop = this.#text.indexOf('\n', end);
    const [item = ''] = /^[ -]*/.exec(this.#text.slice(begin)) ?? [];
    const indent = ' '.repeat(item.length);
    this.#replace(stop, stop, lines.map((text) => `\n${indent}${text}`).join(''));
  }

  /** Puts an entry behind the last one of a list. */
  addEntry(path: Path, lines: readonly string[]): void {
    const { end, column } = this.#placeOf(path);
    const indent = ' '.repeat(column);
    this.#replace(end, end, lines.map((text) => `\n${indent}${text}`).join(''));
  }

  toString(): string {
    return this.#text;
  }

  #placeOf(path: Path): { start: number; end: number; column: number } {
    const node = parseDocument(this.#text, { stringKeys: true }).getIn(path, true);
    const [start, stop] = (isNode(node) ? node.range : undefined) ?? [];
    if (start === undefined || stop === undefined)
      throw new Error(`there is no ${path.join('.')} to be set`);
    const end = start + this.#text.slice(start, stop).trimEnd().length;
    return { start, end, column: start - (this.#text.lastIndexOf('\n', start) + 1) };
  }

  #replace(start: number, end: number, written: string): void {
    this.#text = this.#text.slice(0, start) + written + this.#text.slice(end);
  }
}

type Single = string | number | boolean;

/** On one line, in quotes where YAML would take it for something else. */
export function plain(value: Single | readonly Single[]): string {
  if (typeof value === 'string' && /\p{Cc}/u.test(value)) return JSON.stringify(value);
  if (typeof value !== 'object') return stringify(value, { lineWidth: 0 }).trimEnd();
  // what is text by itself may be a comma or a bracket too many within a list
  const items = value.map((item) =>
    /[,[\]{}]/.test(String(item)) ? JSON.stringify(item) : plain(item),
  );
  return `[${items.join(', ')}]`;
}
