/** What is hostile in a user part: words for people, from a closed set. */
export type HostileText = 'control characters' | 'SQL' | 'a script' | 'a shell command';

const QUOTES = `'"\``;
/** Behind a quote these are what SQL injections are made of; O'Brien has none of them. */
const sql = [' or ', ' and ', '||', '--', ';', '=', '/*', 'union', 'select', 'sleep(', 'drop '];
const scripts = ['<script', `\${jndi:`, 'javascript:'];
const shells = ['$(', '&&', '|/bin/', ';/bin/', ';wget ', ';curl '];

/**
 * What a hostile name in a From, a To or a URI cannot be without, as it is written there: one search in place of taking
 * the address apart. An escape, a quote, what shells read, and a `tel:`, whose number may hold anything; what scripts
 * begin with cannot stand in the name of a SIP URI.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const suspicious = /[%'`$&|\x00-\x1f\x7f]|union|tel:/i;

export const mayBeHostile = (written: string): boolean => suspicious.test(written);

/** Escapes are undone already. Every request waits for this: an ordinary name costs one look at each character. */
export function hostileIn(user: string): HostileText | undefined {
  let odd = false;
  for (let at = 0; at < user.length; at++) {
    const code = user.charCodeAt(at);
    if (code < 32 || code === 127) return 'control characters';
    // letters, digits and what else is usual in a name
    odd ||= !(code >= 48 && code <= 57) && !((code | 32) >= 97 && (code | 32) <= 122) && code < 128;
  }
  return odd ? amongOdd(user.toLowerCase()) : undefined;
}

function amongOdd(user: string): HostileText | undefined {
  let quote = -1;
  for (let at = 0; at < user.length && quote < 0; at++)
    if (QUOTES.includes(user.charAt(at))) quote = at;
  if (quote >= 0) {
    const behind = user.slice(quote);
    if (sql.some((text) => behind.includes(text))) return 'SQL';
  }
  if (user.includes('union select') || user.includes('union+select')) return 'SQL';
  if (scripts.some((text) => user.includes(text))) return 'a script';
  return shells.some((text) => user.includes(text)) ? 'a shell command' : undefined;
}
