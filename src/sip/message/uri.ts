/** A `sip:` or `sips:` URI taken apart. Parts are as written: escapes are not undone (RFC 3261 §19.1.2). */
export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  /** Empty when there is none; without a password. */
  readonly user: string;
  /** Lower case; IPv6 in its brackets. */
  readonly host: string;
  readonly port: number | undefined;
  /** `;name=value…` with its leading semicolon, or empty. */
  readonly parameters: string;
  /** `?name=value…` with its question mark, or empty. */
  readonly headers: string;
}

const sipUri =
  /^(sips?):(?:([^@\s<>"]*)@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?((?:;[^?\s<>"]*)?)((?:\?[^\s<>"]*)?)$/i;

/** RFC 3261 §19.1; undefined for another scheme or a broken one. */
export function parseUri(text: string): SipUri | undefined {
  const match = sipUri.exec(text);
  if (match === null) return undefined;
  const port = match[4] === undefined ? undefined : Number(match[4]);
  if (port !== undefined && (port > 65_535 || port === 0)) return undefined;
  const userinfo = match[2] ?? '';
  const colon = userinfo.indexOf(':');
  return {
    scheme: match[1]?.toLowerCase() === 'sips' ? 'sips' : 'sip',
    user: colon < 0 ? userinfo : userinfo.slice(0, colon),
    host: (match[3] ?? '').toLowerCase(),
    port,
    parameters: match[5] ?? '',
    headers: match[6] ?? '',
  };
}

/** A parameter's value (empty for one without), undefined when absent. `;name` is matched whole, in any case. */
export function uriParameter(parameters: string, name: string): string | undefined {
  if (parameters === '') return undefined;
  const lower = parameters.toLowerCase();
  for (let at = lower.indexOf(`;${name}`); at >= 0; at = lower.indexOf(`;${name}`, at + 1)) {
    const after = at + 1 + name.length;
    const c = lower.charAt(after);
    if (c === '' || c === ';') return '';
    if (c === '=') {
      const end = parameters.indexOf(';', after);
      return parameters.slice(after + 1, end < 0 ? parameters.length : end);
    }
  }
  return undefined;
}

/** The host without the brackets of an IPv6 one. */
export const bareHost = (host: string): string => (host.startsWith('[') ? host.slice(1, -1) : host);

/** The host as it stands in a URI: an IPv6 address in brackets. */
export const uriHost = (address: string): string =>
  address.includes(':') && !address.startsWith('[') ? `[${address}]` : address;
