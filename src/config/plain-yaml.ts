import type { Path } from './schema-keys.ts';
import type { ReadDocument } from './yaml-document.ts';

type Tree = Record<string, unknown>;

/** Where a key, its value and the value's end stand in the text; a list's entries are keys of their own. */
interface Place {
  readonly key: number;
  readonly value: number;
  readonly end: number;
}

/** By the block or list they are in, then by key or index. */
type Places = Map<object, Map<string | number, Place>>;

/** Anything that is not written in the plainest way. */
class NotPlain extends Error {}

/**
 * Reads the YAML that most files are written in, and nothing else: blocks, lists, texts and numbers on single lines. The
 * full parser takes seconds for ten thousand extensions, this a tenth of one; of all that it does not know it makes
 * undefined. What it reads, the full parser reads the same: a test compares them.
 */
export function readPlainYaml(text: string): Tree | undefined {
  if (/[\t\r\uFEFF]/.test(text)) return undefined;
  try {
    return new PlainYaml(text, undefined).document();
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

/** The same for a single value, as it stands behind a key. */
export function readPlainValue(text: string): { readonly value: unknown } | undefined {
  // the start and the end of a document
  if (/\n|^(?:---|\.\.\.)/.test(text)) return undefined;
  const tree = readPlainYaml(`value: ${text}`);
  return tree && { value: tree.value };
}

/** A text that was read plainly. Where things stand in it is worked out when somebody asks. */
export class PlainDocument implements ReadDocument {
  readonly value: Tree;
  readonly flaws = [];
  readonly #text: string;
  #located: { readonly tree: Tree; readonly places: Places } | undefined;

  constructor(text: string, value: Tree) {
    this.#text = text;
    this.value = value;
  }

  offsetOf(path: Path): number | undefined {
    if (path.length > 0) return this.#placeOf(path)?.value;
    const [first] = this.#find([])?.values() ?? [];
    return first?.key ?? 0;
  }

  offsetOfKey(parent: Path, key: string): number | undefined {
    return this.#placeOf([...parent, key])?.key;
  }

  textAt(path: Path): string | undefined {
    const place = this.#placeOf(path);
    return place && this.#text.slice(place.value, place.end);
  }

  #placeOf(path: Path): Place | undefined {
    const step = path.at(-1);
    return step === undefined ? undefined : this.#find(path.slice(0, -1))?.get(step);
  }

  /** The places in the block or list at a path. */
  #find(path: Path): Map<string | number, Place> | undefined {
    this.#located ??= locateAll(this.#text);
    let at: unknown = this.#located.tree;
    for (const step of path) {
      if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
      at = Reflect.get(at, step);
    }
    return typeof at === 'object' && at !== null ? this.#located.places.get(at) : undefined;
  }
}

function locateAll(text: string): { tree: Tree; places: Places } {
  const places: Places = new Map();
  return { tree: new PlainYaml(text, places).document(), places };
}

interface Line {
  readonly indent: number;
  /** Offsets of the first character and of the one behind the last. */
  readonly start: number;
  readonly end: number;
}

const SPACE = 0x20;
/** A file that goes deeper, or has longer keys, is left to the full parser and its own bounds. */
const DEEPEST = 50;
const LONGEST_KEY = 256;
const keyForm = /(?:([A-Za-z0-9_+][\w.+@/-]*)|"([^"\\\n]*)"|'([^'\n]*)')(?=:)/y;
const plainForm = /(?:[A-Za-z0-9_./+$-]|::(?=\w))[\x20-\x7e\u00a1-\u1fff]*/y;
const plainInFlow = /[A-Za-z0-9_./+$-][\w ./+@$:*%()=;-]*/y;
const quotedForm = /"([^"\\\n]*)"|'([^'\n]*)'/y;

class PlainYaml {
  readonly #text: string;
  readonly #places: Places | undefined;
  #line: Line | undefined;
  /** Where the next line begins. */
  #next = 0;
  /** Where a value is read. */
  #at = 0;
  #depth = 0;

  constructor(text: string, places: Places | undefined) {
    this.#text = text;
    this.#places = places;
    this.#advance();
  }

  document(): Tree {
    if (this.#line === undefined) return {};
    if (this.#line.indent !== 0 || this.#isItem(this.#line)) throw new NotPlain();
    const tree = this.#block(0);
    if (this.#line !== undefined) throw new NotPlain();
    return tree;
  }

  /** To the next line that says something. */
  #advance(): void {
    const text = this.#text;
    while (this.#next < text.length) {
      const from = this.#next;
      const newline = text.indexOf('\n', from);
      const end = newline < 0 ? text.length : newline;
      this.#next = end + 1;
      let start = from;
      while (start < end && text.charCodeAt(start) === SPACE) start++;
      if (start === end || text[start] === '#') continue;
      let last = end;
      while (text.charCodeAt(last - 1) === SPACE) last--;
      this.#line = { indent: start - from, start, end: last };
      return;
    }
    this.#line = undefined;
  }

  #isItem({ start, end }: Line): boolean {
    return this.#text[start] === '-' && (start + 1 === end || this.#text[start + 1] === ' ');
  }

  /** What is read between is one level further in. */
  #enter<T extends object>(inside: T): { inside: T; at: Map<string | number, Place> | undefined } {
    if (++this.#depth > DEEPEST) throw new NotPlain();
    const at = this.#places && new Map<string | number, Place>();
    if (at !== undefined) this.#places?.set(inside, at);
    return { inside, at };
  }

  /** A key that is new to its block, and `#at` behind its colon. */
  #key(from: number, tree: Tree): string {
    keyForm.lastIndex = from;
    const [whole, plain, double, single] = keyForm.exec(this.#text) ?? [];
    const key = plain ?? double ?? single;
    if (whole === undefined || key === undefined || whole.length > LONGEST_KEY)
      throw new NotPlain();
    if (key === '__proto__' || Object.hasOwn(tree, key)) throw new NotPlain();
    this.#at = from + whole.length + 1;
    return key;
  }

  /** The lines from here on that have keys at this indent. */
  #block(indent: number): Tree {
    const { inside: tree, at } = this.#enter<Tree>({});
    for (let line = this.#line; line?.indent === indent && !this.#isItem(line); line = this.#line) {
      const key = this.#key(line.start, tree);
      const { value, from, end } = this.#valueOf(indent, line);
      tree[key] = value;
      at?.set(key, { key: line.start, value: from, end });
    }
    if (this.#line !== undefined && this.#line.indent > indent) throw new NotPlain();
    this.#depth--;
    return tree;
  }

  /** What stands behind a colon, or below it. */
  #valueOf(indent: number, line: Line): { value: unknown; from: number; end: number } {
    const text = this.#text;
    if (this.#at < line.end && text.charCodeAt(this.#at) !== SPACE) throw new NotPlain();
    const colon = this.#at;
    this.#skipSpaces(line.end);
    if (this.#at < line.end && text[this.#at] !== '#') {
      const from = this.#at;
      const value = this.#inline(line.end);
      const end = this.#at;
      this.#endOfLine(line.end);
      this.#advance();
      // It might go on there.
      if (this.#line !== undefined && this.#line.indent > indent) throw new NotPlain();
      return { value, from, end };
    }
    this.#advance();
    const below = this.#line;
    if (below === undefined || below.indent < indent)
      return { value: null, from: colon, end: colon };
    const from = below.start;
    if (this.#isItem(below)) {
      const value = this.#list(below.indent);
      return { value, from, end: from };
    }
    if (below.indent === indent) return { value: null, from: colon, end: colon };
    return { value: this.#block(below.indent), from, end: from };
  }

  /** The lines from here on that begin with a hyphen at this indent. */
  #list(indent: number): readonly unknown[] {
    const { inside: list, at } = this.#enter<unknown[]>([]);
    for (let line = this.#line; line?.indent === indent && this.#isItem(line); line = this.#line) {
      this.#at = line.start + 1;
      this.#skipSpaces(line.end);
      const from = this.#at;
      if (from >= line.end) throw new NotPlain();
      keyForm.lastIndex = from;
      const [key] = keyForm.exec(this.#text) ?? [];
      const behind = from + (key?.length ?? 0) + 1;
      let end = from;
      if (key !== undefined && (behind >= line.end || this.#text[behind] === ' ')) {
        const inner = indent + (from - line.start);
        this.#line = { indent: inner, start: from, end: line.end };
        list.push(this.#block(inner));
      } else {
        list.push(this.#inline(line.end));
        end = this.#at;
        this.#endOfLine(line.end);
        this.#advance();
      }
      at?.set(list.length - 1, { key: from, value: from, end });
    }
    if (this.#line !== undefined && this.#line.indent > indent) throw new NotPlain();
    this.#depth--;
    return list;
  }

  /** A value within its line; `#at` is behind it then. */
  #inline(end: number): unknown {
    const char = this.#text[this.#at];
    if (char === '[') return this.#flowList(end);
    if (char === '{') return this.#flowBlock(end);
    if (char === '"' || char === "'") return this.#quoted();
    const plain = this.#match(plainForm);
    // Text and comment, or a second key, where the full parser has its own view.
    const cut = plain.search(/ +#/);
    const own = (cut < 0 ? plain : plain.slice(0, cut)).trimEnd();
    if (/:(?: |$)/.test(own) || this.#at + own.length > end || /^-(?: |$)/.test(own))
      throw new NotPlain();
    this.#at += own.length;
    return scalar(own);
  }

  #quoted(): string {
    quotedForm.lastIndex = this.#at;
    const [whole, double, single] = quotedForm.exec(this.#text) ?? [];
    if (whole === undefined) throw new NotPlain();
    this.#at += whole.length;
    return double ?? single ?? '';
  }

  #flowList(end: number): readonly unknown[] {
    const { inside: list, at } = this.#enter<unknown[]>([]);
    this.#at++;
    for (this.#skipSpaces(end); this.#text[this.#at] !== ']'; this.#skipSpaces(end)) {
      const from = this.#at;
      list.push(this.#flowValue(end));
      at?.set(list.length - 1, { key: from, value: from, end: this.#at });
      this.#comma(end, ']');
    }
    this.#at++;
    this.#depth--;
    return list;
  }

  #flowBlock(end: number): Tree {
    const { inside: tree, at } = this.#enter<Tree>({});
    this.#at++;
    for (this.#skipSpaces(end); this.#text[this.#at] !== '}'; this.#skipSpaces(end)) {
      const start = this.#at;
      const key = this.#key(start, tree);
      if (this.#text[this.#at] !== ' ') throw new NotPlain();
      this.#skipSpaces(end);
      const from = this.#at;
      tree[key] = this.#flowValue(end);
      at?.set(key, { key: start, value: from, end: this.#at });
      this.#comma(end, '}');
    }
    this.#at++;
    this.#depth--;
    return tree;
  }

  #flowValue(end: number): unknown {
    const char = this.#text[this.#at];
    if (char === '[') return this.#flowList(end);
    if (char === '{') return this.#flowBlock(end);
    if (char === '"' || char === "'") return this.#quoted();
    const plain = this.#match(plainInFlow).trimEnd();
    if (/:(?: |$)/.test(plain) || /^-(?: |$)/.test(plain)) throw new NotPlain();
    this.#at += plain.length;
    return scalar(plain);
  }

  #comma(end: number, close: string): void {
    this.#skipSpaces(end);
    if (this.#text[this.#at] === ',') this.#at++;
    else if (this.#text[this.#at] !== close) throw new NotPlain();
    if (this.#at >= end) throw new NotPlain();
  }

  #match(form: RegExp): string {
    form.lastIndex = this.#at;
    const [found] = form.exec(this.#text) ?? [];
    if (found === undefined) throw new NotPlain();
    return found;
  }

  /** Nothing more but a comment. */
  #endOfLine(end: number): void {
    const behind = this.#at;
    this.#skipSpaces(end);
    if (this.#at < end && (this.#text[this.#at] !== '#' || this.#at === behind))
      throw new NotPlain();
  }

  #skipSpaces(end: number): void {
    while (this.#at < end && this.#text.charCodeAt(this.#at) === SPACE) this.#at++;
  }
}

/** What YAML's core schema makes of a text without quotes. */
function scalar(text: string): unknown {
  if (/^[-+]?\d+$/.test(text)) return Number(text);
  if (/^[-+]?(?:\.(?:\d|inf|nan)|\d+\.\d*$|\d+(?:\.\d*)?e)|^0[ox]/i.test(text))
    throw new NotPlain();
  switch (text) {
    case 'true':
    case 'True':
    case 'TRUE':
      return true;
    case 'false':
    case 'False':
    case 'FALSE':
      return false;
    case 'null':
    case 'Null':
    case 'NULL':
      return null;
    default:
      return text;
  }
}
