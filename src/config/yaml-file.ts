import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { LRUCache } from 'lru-cache';
import { Lines } from './lines.ts';
import { leadsNowhere } from './make-folder.ts';
import { NoPlainFile } from './plain-file.ts';
import { PlainDocument, readPlainValue, readPlainYaml } from './plain-yaml.ts';
import { mismatch, type Problem } from './problem.ts';
import { reasonOf } from './reason-of.ts';
import type { Path } from './schema-keys.ts';
import { readYamlDocument } from './yaml-document.ts';

export interface YamlFile {
  /** The file's content as plain values; `{}` when it is empty. */
  readonly tree: Readonly<Record<string, unknown>>;
  readonly problems: readonly Problem[];
  /** `file:line:column` of the value at a path, or of the nearest thing around it that exists. */
  locate(path: Path): string;
  /** `file:line:column` of a key itself. */
  locateKey(parent: Path, key: string): string;
  /** A single value as it is written there: of `0900` the tree has 900. */
  textAt(path: Path): string | undefined;
}

/** Larger than any routes file; a wrong one must not stall or fill a running gate. */
const mostBytes = 4 * 1024 * 1024;

/** Reads one YAML file; what is wrong with it is reported, never thrown. `file` is how it is shown. */
export function readYamlFile(path: string, file = path): YamlFile {
  let bytes: Buffer;
  try {
    // Before it is read: a pipe would never end, a device never be whole.
    const stats = statSync(path);
    if (!stats.isFile()) {
      const found = stats.isDirectory() ? 'a folder' : 'a pipe or device';
      return unreadable(file, mismatch(found, 'a file'));
    }
    if (stats.size > mostBytes) {
      return unreadable(file, mismatch(`${stats.size} bytes`, `at most ${mostBytes}`));
    }
    bytes = readFileSync(path);
  } catch (error) {
    return unreadable(
      file,
      leadsNowhere(path) ? mismatch('a link that leads nowhere', 'a file') : readProblem(error),
    );
  }
  if (bytes.includes(0)) {
    const utf16 = ['fffe', 'feff'].includes(bytes.toString('hex', 0, 2));
    return unreadable(
      file,
      mismatch(utf16 ? 'a text in UTF-16' : 'binary data', 'a text in UTF-8'),
    );
  }
  if (!isUtf8(bytes)) {
    const where = `${file}:${lineOfOddByte(bytes)}:1`;
    return unreadable(where, mismatch('a byte that is not UTF-8', 'a text in UTF-8'));
  }
  const text = new TextDecoder().decode(bytes);
  // What an editor leaves on a full disk: it would take every route and trunk away from a running gate.
  if (text.trim() === '')
    return unreadable(file, mismatch('an empty file', 'keys, or a comment where all is default'));
  // For the parser these end no line: behind the first # all would be a comment, and every key at its default.
  if (/\r(?!\n)/.test(text))
    return unreadable(file, mismatch('lines that end with CR alone', 'LF or CR LF'));
  const known = lastRead.get(path);
  if (known?.text === text) return known.yaml;
  const yaml = readYaml(file, text);
  lastRead.set(path, { text, yaml });
  return yaml;
}

/** A gate reads its settings again and again, and most files are as they were. */
const lastRead = new LRUCache<string, { readonly text: string; readonly yaml: YamlFile }>({
  max: 64,
});

function lineOfOddByte(bytes: Buffer): number {
  const lines = bytes.toString('latin1').split('\n');
  return lines.findIndex((line) => !isUtf8(Buffer.from(line, 'latin1'))) + 1;
}

/** The same for a text already read. `file` is only shown. */
export function readYaml(file: string, text: string): YamlFile {
  const lines = new Lines(text);
  const at = (offset: number | undefined): string => `${file}:${lines.place(offset ?? 0)}`;
  const plain = readPlainYaml(text);
  const read = plain === undefined ? readYamlDocument(text) : new PlainDocument(text, plain);
  const problems = read.flaws.map((flaw) => ({ where: at(flaw.offset), text: flaw.text }));
  const value = read.value ?? {};
  if (!isRecord(value))
    problems.push({
      where: at(read.offsetOf([])),
      text: mismatch('a list or a single value', 'keys, each with a value'),
    });
  const locate = (path: Path): string => {
    for (let length = path.length; length >= 0; length--) {
      const offset = read.offsetOf(path.slice(0, length));
      if (offset !== undefined) return at(offset);
    }
    return at(undefined);
  };
  return {
    tree: problems.length === 0 && isRecord(value) ? value : {},
    problems,
    locate,
    locateKey(parent, key) {
      const offset = read.offsetOfKey(parent, key);
      return offset === undefined ? locate(parent) : at(offset);
    },
    textAt: (path) => read.textAt(path),
  };
}

/** A single value, written as the files have it; refused when it is not YAML. */
export function readYamlValue(
  text: string,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  const plain = readPlainValue(text);
  if (plain !== undefined) return { ok: true, ...plain };
  const { value, flaws } = readYamlDocument(text);
  return flaws.length > 0 ? { ok: false } : { ok: true, value };
}

function unreadable(file: string, text: string): YamlFile {
  return {
    tree: {},
    problems: [{ where: file, text }],
    locate: () => file,
    locateKey: () => file,
    textAt: () => undefined,
  };
}

/** What is said of a file that is not there. */
export const MISSING = 'does not exist';
/** And of one that is somebody else's. */
export const FORBIDDEN = 'may not be read by this user';

/** Why a file or folder could not be read, for the operator. */
export function readProblem(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (error instanceof NoPlainFile) return error.message;
  if (code === 'ENOENT') return MISSING;
  if (code === 'ELOOP') return mismatch('a link that leads to itself', 'a file');
  if (code === 'EACCES' || code === 'EPERM') return FORBIDDEN;
  if (code === 'EISDIR') return mismatch('a folder', 'a file');
  if (code === 'ENOTDIR') return mismatch('a file', 'a folder');
  return `cannot be read: ${reasonOf(error)}`;
}

/** Is it a block of keys? */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
