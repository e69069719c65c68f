import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { isMap, isNode, isScalar, LineCounter, parseDocument, type YAMLError } from 'yaml';
import { mismatch, type Problem } from './problem.ts';
import type { Path } from './schema-keys.ts';

export interface YamlFile {
  /** The file's content as plain values; `{}` when it is empty. */
  readonly tree: Readonly<Record<string, unknown>>;
  readonly problems: readonly Problem[];
  /** `file:line:column` of the value at a path, or of the nearest thing around it that exists. */
  locate(path: Path): string;
  /** `file:line:column` of a key itself. */
  locateKey(parent: Path, key: string): string;
}

/** Larger than any routes file; a wrong one must not stall or fill a running gate. */
const mostBytes = 4 * 1024 * 1024;

/** Reads one YAML file; what is wrong with it is reported, never thrown. */
export function readYamlFile(file: string): YamlFile {
  let bytes: Buffer;
  try {
    // Before it is read: a pipe would never end, a device never be whole.
    const stats = statSync(file);
    if (!stats.isFile()) {
      const found = stats.isDirectory() ? 'a folder' : 'a pipe or device';
      return unreadable(file, mismatch(found, 'a file'));
    }
    if (stats.size > mostBytes) {
      return unreadable(file, mismatch(`${stats.size} bytes`, `at most ${mostBytes}`));
    }
    bytes = readFileSync(file);
  } catch (error) {
    return unreadable(file, readProblem(error));
  }
  if (bytes.includes(0)) return unreadable(file, mismatch('binary data', 'a text in UTF-8'));
  if (!isUtf8(bytes)) {
    const where = `${file}:${lineOfOddByte(bytes)}:1`;
    return unreadable(where, mismatch('a byte that is not UTF-8', 'a text in UTF-8'));
  }
  return readYaml(file, new TextDecoder().decode(bytes));
}

function lineOfOddByte(bytes: Buffer): number {
  const lines = bytes.toString('latin1').split('\n');
  return lines.findIndex((line) => !isUtf8(Buffer.from(line, 'latin1'))) + 1;
}

/** The same for a text already read. `file` is only shown. */
export function readYaml(file: string, text: string): YamlFile {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    // An extension 0100 is not one hundred.
    stringKeys: true,
    // Not silent: that would also hide that only the first of several documents is read.
    logLevel: 'error',
  });
  const at = (offset: number | undefined): string => {
    const { line, col } = lineCounter.linePos(offset ?? 0);
    return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`;
  };

  const problems: Problem[] = [...document.errors, ...document.warnings].map((error) => ({
    where: at(error.pos[0]),
    text: explained(error, text),
  }));

  const tree = problems.length > 0 ? {} : plain(document, problems, at);
  const offsetAt = (path: Path): number | undefined => {
    for (let length = path.length; length >= 0; length--) {
      const node: unknown =
        length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return node.range[0];
    }
    return undefined;
  };

  return {
    tree,
    problems,
    locate: (path) => at(offsetAt(path)),
    locateKey(parent, key) {
      const map: unknown = parent.length === 0 ? document.contents : document.getIn(parent, true);
      const pair = isMap(map)
        ? map.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
        : undefined;
      const node = pair?.key;
      return isNode(node) && node.range ? at(node.range[0]) : at(offsetAt(parent));
    },
  };
}

function plain(
  document: ReturnType<typeof parseDocument>,
  problems: Problem[],
  at: (offset: number | undefined) => string,
): Readonly<Record<string, unknown>> {
  if (document.contents === null) return {};
  if (isScalar(document.contents) && document.contents.value === null) return {};
  const where = at(document.contents.range?.[0]);
  if (!isMap(document.contents)) {
    problems.push({ where, text: mismatch('a list or a single value', 'keys, each with a value') });
    return {};
  }
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (isCyclic(value)) {
      problems.push({ where, text: mismatch('an alias inside of what it names', 'none') });
      return {};
    }
    return isRecord(value) ? value : {};
  } catch (error) {
    problems.push({
      where,
      text: `cannot be read: ${error instanceof Error ? error.message : error}`,
    });
    return {};
  }
}

/** A single value, written as the files have it; refused when it is not YAML. */
export function readYamlValue(
  text: string,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  const document = parseDocument(text, {
    prettyErrors: false,
    stringKeys: true,
    logLevel: 'error',
  });
  if (document.errors.length > 0) return { ok: false };
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return isCyclic(value) ? { ok: false } : { ok: true, value };
  } catch {
    return { ok: false };
  }
}

/** An anchor around its own alias: everything that walks such a value would never end. */
function isCyclic(value: unknown, around: ReadonlySet<unknown> = new Set()): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (around.has(value)) return true;
  const inside = new Set(around).add(value);
  return Object.values(value).some((inner) => isCyclic(inner, inside));
}

function explained(error: YAMLError, text: string): string {
  if (error.code === 'DUPLICATE_KEY') return duplicateKey(text, error.pos[0]);
  if (error.code === 'MULTIPLE_DOCS') return mismatch('a second document after ---', 'one');
  if (/^Missing closing ["']/.test(error.message)) {
    return 'not YAML: a text that began with a quote has no closing one';
  }
  return syntax(error.message);
}

function duplicateKey(text: string, offset: number): string {
  const key = /^[^\s:]+/.exec(text.slice(offset))?.[0] ?? 'a key';
  return `${key}: found a second time, expected each key once`;
}

/** The parser's first sentence, without what it quotes: that could be a secret in the wrong place. */
function syntax(message: string): string {
  const [sentence = ''] = message.split('\n');
  return `not YAML: ${sentence.replace(/:? *["'`].*$/s, '')}`;
}

function unreadable(file: string, text: string): YamlFile {
  return {
    tree: {},
    problems: [{ where: file, text }],
    locate: () => file,
    locateKey: () => file,
  };
}

/** Why a file or folder could not be read, for the operator. */
export function readProblem(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this user';
  if (code === 'EISDIR') return mismatch('a folder', 'a file');
  if (code === 'ENOTDIR') return mismatch('a file', 'a folder');
  return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}

/** Is it a block of keys? */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
