/** A `name-addr` or `addr-spec` with its header parameters: From, To, Contact, Route and their like. */
export interface NameAddress {
  /** As written, quotes included; empty when absent. */
  readonly display: string;
  readonly uri: string;
  /** `;name=value…` after the URI, with its leading semicolon, or empty. These are the header's, not the URI's. */
  readonly parameters: string;
}

/** RFC 3261 §20.10: without angle brackets, what follows a semicolon belongs to the header. */
export function parseNameAddress(value: string): NameAddress | undefined {
  const open = openBracket(value);
  if (open === -2) return undefined;
  if (open < 0) {
    const semicolon = value.indexOf(';');
    const uri = (semicolon < 0 ? value : value.slice(0, semicolon)).trim();
    if (uri === '' || /[\s"<>,?]/.test(uri)) return undefined;
    return { display: '', uri, parameters: semicolon < 0 ? '' : value.slice(semicolon).trim() };
  }
  const close = value.indexOf('>', open);
  if (close < 0) return undefined;
  const display = value.slice(0, open).trim();
  const parameters = value.slice(close + 1).trim();
  if (parameters !== '' && !parameters.startsWith(';')) return undefined;
  return { display, uri: value.slice(open + 1, close), parameters };
}

/** Where the `<` of the URI is: -1 when there is none, -2 when a quoted display name never ends. */
function openBracket(value: string): number {
  if (!value.startsWith('"')) return value.indexOf('<');
  for (let at = 1; at < value.length; at++) {
    const c = value.charAt(at);
    if (c === '\\') at++;
    else if (c === '"') return value.indexOf('<', at);
  }
  return -2;
}

/** A header parameter's value, unquoted; empty for one without; undefined when absent. */
export function headerParameter(parameters: string, name: string): string | undefined {
  if (parameters === '') return undefined;
  const match = new RegExp(
    `;\\s*${name}\\s*(?:=\\s*("(?:[^"\\\\]|\\\\.)*"|[^;\\s]*))?\\s*(?=;|$)`,
    'i',
  ).exec(parameters);
  if (match === null) return undefined;
  const value = match[1] ?? '';
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
}
