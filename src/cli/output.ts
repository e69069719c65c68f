import { styleText } from 'node:util';
import type { Given } from './command.ts';

type Style = Parameters<typeof styleText>[0];

/** Text in a style, where standard output shows styles and NO_COLOR does not forbid it. */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** Lets `| head` end the output early without a word; a full disk behind it is a problem. */
export function mindOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') {
      complain(`The output cannot be written: ${error.message}.`);
      process.exitCode = 1;
    }
    process.exit();
  });
}

const complaints: string[] = [];
let printed = false;

/** Writes a line to standard output. */
export function print(text = ''): void {
  printed = true;
  process.stdout.write(`${text}\n`);
}

/** Where nothing was found for a program that reads JSON: what was said on standard error, as JSON too. */
export function printComplaints(): void {
  if (!printed) print(JSON.stringify({ problems: complaints }, null, 2));
}

/** Writes what was found: as JSON where `--json` asks for that, else as a person reads it. */
export function printFound<T>({ flags }: Given, found: T, show: (found: T) => string): void {
  print(flags.json === true ? JSON.stringify(found, null, 2) : show(found));
}

/** Writes a line to standard error. */
export function complain(text: string): void {
  complaints.push(text);
  advise(text);
}

/** The same of what is no problem of its own: what to do next, how many there are. */
export function advise(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Rows in columns as wide as they need to be, two spaces apart, the last one unpadded. */
export function table(rows: readonly (readonly string[])[], indent = '  '): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, shownWidth(cell));
    }
  }
  return rows
    .map((row) => {
      const cells = row.map((cell, column) =>
        column === row.length - 1
          ? cell
          : cell + ' '.repeat((widths[column] ?? 0) - shownWidth(cell)),
      );
      return `${indent}${cells.join('  ')}`.trimEnd();
    })
    .join('\n');
}

function shownWidth(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: styles are escape sequences.
  return [...text.replace(/\u001b\[[0-9;]*m/g, '')].length;
}

/** What came from the network, with nothing in it that could drive a terminal. */
export function harmless(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}

/** `3 calls`, `1 call`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** That a list goes on, as its last line; nothing where all of it is shown. */
export const others = (count: number): readonly string[] =>
  count > 0 ? [`  and ${counted(count, 'other')}; --all lists them`] : [];
