import { readdirSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, matchesGlob } from 'node:path';
import { readPlainFile } from '../config/plain-file.ts';
import { mismatch, type Problem } from '../config/problem.ts';
import { shown } from '../config/read-folders.ts';
import { readProblem } from '../config/yaml-file.ts';
import { several } from './several.ts';

/** A section of an Asterisk file that is no template, with what its templates say taken in. */
export interface AsteriskSection {
  readonly name: string;
  /** `pjsip.conf:12`. */
  readonly where: string;
  /** Every value of a key, templates' first. */
  values(key: string): readonly string[];
  /** The last of them, which counts. */
  value(key: string): string | undefined;
}

export interface AsteriskConfig {
  readonly sections: readonly AsteriskSection[];
  readonly problems: readonly Problem[];
  /** Lines that only Asterisk can follow: programs whose output it reads. */
  readonly passedOver: readonly string[];
}

interface Written {
  readonly name: string;
  readonly where: string;
  readonly template: boolean;
  readonly entries: (readonly [key: string, value: string])[];
}

interface Origin {
  readonly where: string;
  readonly depth: number;
}

/** As deep as Asterisk itself goes. */
const DEEPEST = 10;

/**
 * Reads an Asterisk file with what it includes, and of it only these keys: nothing else, a password least of all, is
 * held or shown.
 */
export function readAsteriskConfig(file: string, keys: readonly string[]): AsteriskConfig {
  const reading = new Reading(dirname(file), keys);
  reading.read(file, { where: shown(file), depth: 0 });
  return {
    sections: reading.sections.filter(({ template }) => !template).map(asSection),
    problems: reading.problems,
    passedOver: reading.passedOver,
  };
}

function asSection({ name, where, entries }: Written): AsteriskSection {
  const values = (key: string): readonly string[] =>
    entries.filter(([one]) => one === key).map(([, value]) => value);
  return { name, where, values, value: (key) => values(key).at(-1) };
}

class Reading {
  readonly sections: Written[] = [];
  readonly problems: Problem[] = [];
  readonly passedOver: string[] = [];
  readonly #folder: string;
  readonly #keys: ReadonlySet<string>;
  readonly #byName = new Map<string, Written[]>();
  #current: Written | undefined;

  constructor(folder: string, keys: readonly string[]) {
    this.#folder = folder;
    this.#keys = new Set(keys);
  }

  read(file: string, { where, depth }: Origin, mayLack = false): void {
    if (depth > DEEPEST) {
      this.#complain(where, mismatch('files that include each other', `at most ${DEEPEST} deep`));
      return;
    }
    let text: string;
    try {
      text = readPlainFile(file).toString();
    } catch (error) {
      if (mayLack) return;
      this.#complain(
        where,
        depth === 0 ? readProblem(error) : `${shown(file)} ${readProblem(error)}`,
      );
      return;
    }
    for (const [index, line] of uncommented(text).entries())
      if (line !== '') this.#take(line, { where: `${shown(file)}:${index + 1}`, depth });
  }

  #take(line: string, origin: Origin): void {
    const [, directive, rest = ''] = /^#\s*(\w+)\s*(.*)$/.exec(line) ?? [];
    const [, name, marks = ''] = /^\[([^\]]*)\]\s*(?:\(([^)]*)\))?/.exec(line) ?? [];
    if (directive !== undefined) this.#follow(directive.toLowerCase(), rest, origin);
    else if (name !== undefined) this.#begin(name, marks, origin.where);
    else this.#set(line, origin.where);
  }

  #set(line: string, where: string): void {
    const [, key = '', appended, value = ''] = /^([^=+]*?)\s*(\+)?=>?\s*(.*)$/.exec(line) ?? [];
    // what stands in a line that is not understood may be a password
    if (key === '')
      this.#complain(
        where,
        mismatch('another line', '[section], key = value, #include or a comment'),
      );
    else if (this.#current === undefined)
      this.#complain(where, mismatch('a value before any [section]', 'a section first'));
    else if (this.#keys.has(key.toLowerCase())) {
      const { entries } = this.#current;
      const name = key.toLowerCase();
      const before = appended ? (entries.findLast(([one]) => one === name)?.[1] ?? '') : '';
      entries.push([name, before + value]);
    }
  }

  #begin(name: string, marks: string, where: string): void {
    const words = several(marks);
    const addition = words.find((word) => word.startsWith('+'));
    const added = addition === undefined ? undefined : this.#sectionLike(name, addition.slice(1));
    if (addition !== undefined && added === undefined)
      this.#complain(where, mismatch(`[${name}](${addition})`, 'such a section before it'));
    const section = added ?? { name, where, template: words.includes('!'), entries: [] };
    for (const parent of words.filter((word) => !/^[!+]/.test(word))) {
      const found = this.#byName.get(parent)?.at(-1);
      if (found === undefined)
        this.#complain(where, mismatch(`the template ${parent}`, 'one that stands before it'));
      else section.entries.push(...found.entries);
    }
    if (added === undefined) {
      this.sections.push(section);
      const same = this.#byName.get(name);
      if (same === undefined) this.#byName.set(name, [section]);
      else same.push(section);
    }
    this.#current = section;
  }

  /** The first of that name, and of the type that `+type=endpoint` asks for. */
  #sectionLike(name: string, filter: string): Written | undefined {
    const [key = '', value] = filter.split('=').map((part) => part.trim());
    return this.#byName
      .get(name)
      ?.find(
        ({ entries }) =>
          value === undefined ||
          entries.findLast(([one]) => one === key.toLowerCase())?.[1] === value,
      );
  }

  #follow(directive: string, rest: string, { where, depth }: Origin): void {
    if (directive === 'exec') {
      this.passedOver.push(`${where}: #exec is not run`);
      return;
    }
    if (directive !== 'include' && directive !== 'tryinclude') {
      this.#complain(where, mismatch(`#${directive}`, '#include'));
      return;
    }
    const name = rest.replace(/^["<]|[">]$/g, '');
    // Asterisk looks in its own folder, wherever the file lies that says so.
    const path = isAbsolute(name) ? name : join(this.#folder, name);
    const files = /[*?[]/.test(basename(path)) ? filesLike(path) : [path];
    for (const file of files)
      this.read(file, { where, depth: depth + 1 }, directive === 'tryinclude');
  }

  #complain(where: string, text: string): void {
    this.problems.push({ where, text });
  }
}

function filesLike(path: string): readonly string[] {
  const folder = dirname(path);
  try {
    return readdirSync(folder)
      .filter((name) => matchesGlob(name, basename(path)))
      .toSorted()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** Each line without comments: `; to its end`, `;-- over several lines --;`. */
function uncommented(text: string): readonly string[] {
  let depth = 0;
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => {
      let left = line;
      let kept = '';
      for (;;) {
        const next = depth > 0 ? /--;|;--(?!-)/.exec(left) : /\\;|;--(?!-)|;/.exec(left);
        if (depth === 0) kept += left.slice(0, next?.index);
        if (next === null || next[0] === ';') return kept.trim();
        left = left.slice(next.index + next[0].length);
        if (next[0] === '\\;') kept += ';';
        else depth += next[0] === ';--' ? 1 : -1;
      }
    });
}
