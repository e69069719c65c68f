import { Kind, skip, trimBlanks } from '../../sip/message/characters.ts';
import { longNames } from '../../sip/message/long-names.ts';

/** A message as a program writes it: no Via, no folds, a Content-Length that may be wrong. */
export interface AppMessage {
  readonly startLine: string;
  readonly headers: readonly AppHeader[];
  readonly body: string;
}

export interface AppHeader {
  /** As it is sent. */
  readonly name: string;
  readonly lower: string;
  readonly value: string;
}

/** These are ours to write, whatever a program says. */
const ours: ReadonlySet<string> = new Set([
  'via',
  'route',
  'record-route',
  'rseq',
  'content-length',
]);

/** Names that are not written by the rule of a capital after each hyphen. */
const spelt: ReadonlyMap<string, string> = new Map(
  [
    'Call-ID',
    'CSeq',
    'MIME-Version',
    'Min-SE',
    'RAck',
    'RSeq',
    'SIP-ETag',
    'SIP-If-Match',
    'WWW-Authenticate',
  ].map((name) => [name.toLowerCase(), name]),
);

/** Reads what a program sent. Lines that are no headers are skipped; all behind the first empty line is body. */
export function readAppMessage(text: string): AppMessage {
  const blank = /\r\n\r\n|\n\n|\r\r/.exec(text);
  const head = blank === null ? text : text.slice(0, blank.index);
  const body = blank === null ? '' : text.slice(blank.index + blank[0].length);
  const [startLine = '', ...lines] = head.split(/\r\n|\r|\n/);
  const headers: AppHeader[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const written = trimBlanks(line.slice(0, colon));
    if (written === '' || skip(written, 0, written.length, Kind.token) !== written.length) continue;
    const long = longNames[written.toLowerCase()] ?? written;
    const lower = long.toLowerCase();
    if (ours.has(lower)) continue;
    headers.push({
      name: written.length > 1 && /^x-/i.test(written) ? written : spelling(lower),
      lower,
      value: trimBlanks(line.slice(colon + 1)),
    });
  }
  return { startLine: trimBlanks(startLine), headers, body };
}

/** The first header of this (lower-case) name. */
export const appHeader = (message: AppMessage, lower: string): string | undefined =>
  message.headers.find((header) => header.lower === lower)?.value;

/** All headers but those of these (lower-case) names, as lines. */
export function appLines(message: AppMessage, without: ReadonlySet<string>): string {
  let out = '';
  for (const { name, lower, value } of message.headers)
    if (!without.has(lower)) out += `${name}: ${value}\r\n`;
  return out;
}

/** The line that says what the body is: the program's own, or `application/sdp` for what looks like it. */
export function contentType(message: AppMessage): string | undefined {
  if (message.body === '' || appHeader(message, 'content-type') !== undefined) return '';
  return message.body.startsWith('v=0') ? 'Content-Type: application/sdp\r\n' : undefined;
}

/** `localhost` in a program's From, To, Contact or P-Asserted-Identity stands for what we are called there. */
export const withoutLocalhost = (value: string, hostPort: string): string =>
  value.replace(/@localhost(?::\d+)?(?![\w.-])/gi, `@${hostPort}`);

/** In a From also where there is no user part. */
export const withoutAnyLocalhost = (value: string, hostPort: string): string =>
  withoutLocalhost(value, hostPort).replace(
    /\b(sips?:)localhost(?::\d+)?(?![\w.-])/gi,
    `$1${hostPort}`,
  );

function spelling(lower: string): string {
  return spelt.get(lower) ?? lower.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
