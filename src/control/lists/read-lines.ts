import { setImmediate as nextTurn } from 'node:timers/promises';
import { formatNetwork, type Network, parseNetwork } from '../../limits/address-key.ts';
import { CannotRead } from './cannot-read.ts';

/** What a list names, and what of it was not taken. */
export interface NetworksRead {
  /** As `formatNetwork` writes them. */
  readonly networks: ReadonlySet<string>;
  /** For people: what was left out, and why. */
  readonly notices: readonly string[];
}

const LINES_PER_TURN = 10_000;
/** A handful of odd lines are passed over; more, and it is another thing than a list. */
const MOST_ODD = 10;
const SHOWN = 40;

/** No list says so of a two-hundredth of all addresses, unless it is broken or a prank. */
const SHORTEST: Readonly<Record<4 | 6, number>> = { 4: 8, 6: 16 };

const isComment = (line: string): boolean => line === '' || /^(?:[#;]|\/\/)/.test(line);

/** An address or network at the beginning of each line, as lists of all kinds have it. Throws `CannotRead`. */
export async function readLines(text: string, mostEntries: number): Promise<NetworksRead> {
  if (text.includes('\0')) throw new CannotRead('content', 'it is no text');
  if (text.trim() === '') throw new CannotRead('content', 'there is nothing in it');
  const entries: string[] = [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (const line of lines) {
    const trimmed = line.trim();
    if (!isComment(trimmed)) entries.push(trimmed);
  }
  return readEntries(entries, mostEntries);
}

/** The same of entries that are already apart. */
export async function readEntries(
  entries: readonly string[],
  mostEntries: number,
): Promise<NetworksRead> {
  const networks = new Set<string>();
  const odd = new Odd();
  const wide = new Odd();
  const beyond = new Odd();
  for (const [index, entry] of entries.entries()) {
    if (index % LINES_PER_TURN === LINES_PER_TURN - 1) await nextTurn();
    const network = parseEntry(entry);
    if (network === undefined) odd.note(entry);
    else if (network.bits < SHORTEST[network.family]) wide.note(entry);
    else if (networks.size < mostEntries) networks.add(formatNetwork(network));
    else beyond.note(entry);
  }
  if (odd.count > 0 && (networks.size === 0 || odd.count > Math.max(MOST_ODD, entries.length / 10)))
    throw new CannotRead(
      'content',
      `${odd.count} of ${entries.length} entries are no address or network, the first: ${odd.first}`,
    );
  const notices = [
    odd.count > 0 && `${odd.count} no address or network: ${odd.first}`,
    wide.count > 0 && `${wide.count} too wide to be true: ${wide.first}`,
    beyond.count > 0 && `${beyond.count} beyond mostEntries (${mostEntries})`,
  ].filter((notice) => notice !== false);
  return { networks, notices };
}

/** Behind it may stand what else is known: a comment, columns. */
function parseEntry(entry: string): Network | undefined {
  const [first = ''] = entry.replace(/^"/, '').split(/[\s,;#|"]/, 1);
  return parseNetwork(first);
}

class Odd {
  count = 0;
  /** Quoted, with nothing in it that could drive a terminal. */
  first = '';

  note(entry: string): void {
    if (this.count++ === 0)
      this.first = JSON.stringify(entry.slice(0, SHOWN).replace(/\p{Cc}/gu, '?'));
  }
}
