/** A row of a table by the names of its columns, and its line. */
export interface Row {
  readonly line: number;
  readonly cells: Readonly<Record<string, string>>;
}

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** RFC 4180, the first line with the names of the columns; commas, semicolons or tabs between. */
export function readCsv(text: string): Table {
  const [, firstLine = ''] = /^\uFEFF?([^\r\n]*)/.exec(text) ?? [];
  const separator = [',', ';', '\t'].toSorted(
    (a, b) => firstLine.split(b).length - firstLine.split(a).length,
  )[0] as string;
  const [header, ...records] = recordsOf(text.replace(/^\uFEFF/, ''), separator);
  const columns = header?.cells.map((name) => name.trim()) ?? [];
  return {
    columns,
    rows: records.map(({ line, cells }) => ({
      line,
      cells: Object.fromEntries(columns.map((name, at) => [name, cells[at] ?? ''])),
    })),
  };
}

function* recordsOf(
  text: string,
  separator: string,
): Generator<{ readonly line: number; readonly cells: readonly string[] }> {
  let line = 1;
  let at = 0;
  while (at < text.length) {
    const cells: string[] = [];
    const first = line;
    for (;;) {
      const cell = cellAt(text, at, separator);
      cells.push(cell.value);
      line += cell.lines;
      at = cell.end;
      if (text[at] !== separator) break;
      at++;
    }
    if (text[at] === '\r') at++;
    if (text[at] === '\n') at++;
    line++;
    if (cells.length > 1 || cells[0] !== '') yield { line: first, cells };
  }
}

function cellAt(
  text: string,
  start: number,
  separator: string,
): { readonly value: string; readonly end: number; readonly lines: number } {
  if (text[start] !== '"') {
    let end = start;
    while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r')
      end++;
    return { value: text.slice(start, end), end, lines: 0 };
  }
  let end = start + 1;
  for (;;) {
    end = text.indexOf('"', end);
    if (end < 0) end = text.length;
    if (text[end + 1] !== '"') break;
    end += 2;
  }
  const quoted = text.slice(start + 1, end);
  let after = Math.min(end + 1, text.length);
  // what stands behind a closing quote belongs to nothing
  while (after < text.length && text[after] !== separator && !'\r\n'.includes(text[after] ?? ''))
    after++;
  return { value: quoted.replaceAll('""', '"'), end: after, lines: quoted.split('\n').length - 1 };
}
