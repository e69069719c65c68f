import { nearMiss } from '../config/near-miss.ts';
import { readPlainFile } from '../config/plain-file.ts';
import { mismatch, type Problem, showFound } from '../config/problem.ts';
import { shown } from '../config/read-folders.ts';
import { readProblem } from '../config/yaml-file.ts';
import { readCsv } from './csv.ts';
import { csvColumns } from './csv-columns.ts';
import { eachOnce, type FoundExtension, type Imported, settingsProblems } from './imported.ts';

const EXTENSION = 'extension';
const OWNER = 'name';
const names = [EXTENSION, OWNER, ...csvColumns.map(({ name }) => name)];
const secretNames = ['password', 'passwd', 'secret', 'pin', 'md5cred'];

/** Extensions from a table: a first line with the names of columns, then a line for each. */
export function importCsv(file: string): Imported {
  const where = shown(file);
  let text: string;
  try {
    text = readPlainFile(file).toString();
  } catch (error) {
    return nothing({ where, text: readProblem(error) });
  }
  const { rows, unclosed } = readCsv(text);
  if (unclosed !== undefined)
    return nothing({
      where: `${where}:${unclosed}`,
      text: mismatch('a quote that nothing closes', 'a second one'),
    });
  const [first, ...others] = rows;
  const header = readHeader(first?.cells ?? [], `${where}:${first?.line ?? 1}`);
  if (header.problems.length > 0) return nothing(...header.problems);
  const read = others.map(({ line, cells }) => readRow(cells, header, `${where}:${line}`));
  const { extensions, problems } = eachOnce(read.flatMap(({ found }) => found ?? []));
  return {
    extensions,
    problems: [...read.flatMap((one) => one.problems), ...problems],
    notes: header.notes,
    complete: true,
  };
}

const nothing = (...problems: readonly Problem[]): Imported => ({
  extensions: [],
  problems,
  notes: [],
  complete: false,
});

interface Header {
  readonly at: ReadonlyMap<string, number>;
  readonly width: number;
  readonly notes: readonly string[];
  readonly problems: readonly Problem[];
}

function readHeader(cells: readonly string[], where: string): Header {
  const at = new Map<string, number>();
  const notes: string[] = [];
  const problems: Problem[] = [];
  const complain = (text: string): void => {
    problems.push({ where, text });
  };
  for (const [index, cell] of cells.entries()) {
    const name = columnCalled(cell);
    if (secretNames.includes(bare(cell)))
      notes.push(`${where}: the column ${cell} is passed over: passwords stay with the PBX`);
    else if (name === undefined)
      complain(
        mismatch(
          `the column ${showFound(cell)}`,
          `some of ${names.join(', ')}`,
          nearMiss(cell, names),
        ),
      );
    else if (at.has(name)) complain(mismatch(`the column ${name} twice`, 'it once'));
    else at.set(name, index);
  }
  if (!at.has(EXTENSION) && problems.length === 0)
    complain(mismatch('no column extension', 'a first line with the names of columns'));
  return { at, width: cells.length, notes, problems };
}

const bare = (name: string): string => name.toLowerCase().replace(/[\s_-]/g, '');

function columnCalled(cell: string): string | undefined {
  const written = bare(cell);
  return (
    names.find((name) => bare(name) === written) ??
    csvColumns.find(({ others = [] }) => others.some((one) => bare(one) === written))?.name
  );
}

interface Read {
  readonly found?: FoundExtension;
  readonly problems: readonly Problem[];
}

function readRow(cells: readonly string[], { at, width }: Header, where: string): Read {
  if (cells.length !== width) {
    const text = mismatch(`${cells.length} cells`, `${width}, as in the first line`);
    return { problems: [{ where, text }] };
  }
  const cellOf = (name: string): string => cells[at.get(name) ?? -1]?.trim() ?? '';
  const problems: Problem[] = [];
  let settings: FoundExtension['settings'] = {};
  for (const { name, read } of csvColumns) {
    const cell = cellOf(name);
    const said = cell === '' ? {} : read(cell);
    if (typeof said === 'string')
      problems.push({ where, key: name, text: mismatch(showFound(cell), said) });
    else settings = { ...settings, ...said };
  }
  const owner = cellOf(OWNER) || undefined;
  const found = { extension: cellOf(EXTENSION), owner, settings, where };
  return { found, problems: [...problems, ...settingsProblems(found, columnOf)] };
}

const columnOf = (key: string): string =>
  csvColumns.find((column) => column.key === key)?.name ?? key;
