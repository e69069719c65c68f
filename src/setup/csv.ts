/** A line of a table; one that has line breaks in quotes is named by its first. */
interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

interface Csv {
  readonly rows: readonly Row[];
  /** The line in which a quote opens that nothing closes. */
  readonly unclosed?: number;
}

/** RFC 4180, and the semicolons that spreadsheets write in half of Europe. Lines without anything are none. */
export function readCsv(whole: string): Csv {
  const text = whole.replace(/^\uFEFF/, '');
  const comma = text.slice(0, text.search(/\r?\n|$/)).includes(';') ? ';' : ',';
  const rows: Row[] = [];
  let cells: string[] = [];
  let cell = '';
  let quoted = false;
  let line = 1;
  let began = 1;
  const endRow = (): void => {
    cells.push(cell);
    if (cells.some((one) => one.trim() !== '')) rows.push({ line: began, cells });
    cells = [];
    cell = '';
  };
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '\n') line += 1;
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text.charAt(at + 1) === '"') {
        cell += char;
        at += 1;
      } else quoted = false;
    } else if (char === '"' && cell.trim() === '') {
      quoted = true;
      cell = '';
    } else if (char === comma) {
      cells.push(cell);
      cell = '';
    } else if (char === '\n') {
      endRow();
      began = line;
    } else if (char !== '\r') cell += char;
  }
  endRow();
  return { rows, ...(quoted && { unclosed: began }) };
}
