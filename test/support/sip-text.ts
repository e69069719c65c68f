/**
 * SIP as text, for the tests' own parties. On purpose it shares nothing with `src/sip`: a mistake there
 * must not be made here too. One character per byte (latin1).
 */
export interface SipText {
  /** The whole message, byte for byte. */
  readonly text: string;
  readonly startLine: string;
  /** Of a request; undefined for a response. */
  readonly method: string | undefined;
  readonly uri: string | undefined;
  /** Of a response; undefined for a request. */
  readonly status: number | undefined;
  /** The first header of that name, whatever its case or compact form. */
  header(name: string): string | undefined;
  /** Every header line of that name, in order, lists not split. */
  headers(name: string): readonly string[];
  /** Every value of that name, in order, lists split at their commas. */
  list(name: string): readonly string[];
  readonly body: string;
  /** The method in CSeq, the same for a request and its responses. */
  readonly cseqMethod: string;
  readonly cseq: number;
  readonly callId: string;
  readonly fromTag: string | undefined;
  readonly toTag: string | undefined;
  /** Of the topmost Via. */
  readonly branch: string | undefined;
}

const longForms: Readonly<Record<string, string>> = {
  b: 'referred-by',
  c: 'content-type',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
};

const canonical = (name: string): string => {
  const lower = name.trim().toLowerCase();
  return longForms[lower] ?? lower;
};

/** Reads one whole message. Throws on what a test party could never have been sent on purpose. */
export function readSip(text: string): SipText {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) throw new Error(`not a SIP message: ${JSON.stringify(text.slice(0, 200))}`);
  const [startLine = '', ...lines] = text.slice(0, headEnd).split(/\r\n(?![ \t])/);
  const fields = lines.map((line) => {
    const colon = line.indexOf(':');
    return [canonical(line.slice(0, colon)), line.slice(colon + 1).trim()] as const;
  });

  const headers = (name: string) =>
    fields.filter(([found]) => found === canonical(name)).map(([, value]) => value);
  const header = (name: string): string | undefined => headers(name)[0];
  const list = (name: string) => headers(name).flatMap(splitList);
  const [digits = '', cseqMethod = ''] = (header('CSeq') ?? '').split(/\s+/);
  const response = /^SIP\/2\.0 (\d{3})/.exec(startLine);
  const request = /^(\S+) (\S+) SIP\/2\.0$/.exec(startLine);

  return {
    text,
    startLine,
    method: request?.[1],
    uri: request?.[2],
    status: response === null ? undefined : Number(response[1]),
    header,
    headers,
    list,
    body: text.slice(headEnd + 4),
    cseqMethod,
    cseq: Number(digits),
    callId: header('Call-ID') ?? '',
    fromTag: parameter(header('From') ?? '', 'tag'),
    toTag: parameter(header('To') ?? '', 'tag'),
    branch: parameter(list('Via')[0] ?? '', 'branch'),
  };
}

/** A header parameter's value: `parameter('<sip:a@b>;tag=7', 'tag')` is `7`. Looks past what is in angle brackets. */
export function parameter(value: string, name: string): string | undefined {
  const outside = value.replace(/<[^>]*>/g, '');
  return new RegExp(`;\\s*${name}\\s*=\\s*("[^"]*"|[^;,\\s]+)`, 'i').exec(outside)?.[1];
}

/** The URI of a From, To, Contact, Route or Refer-To value. */
export function uriOf(value: string): string {
  return /<([^>]*)>/.exec(value)?.[1] ?? value.split(';')[0]?.trim() ?? '';
}

/** Splits at commas that are neither quoted nor in angle brackets. */
function splitList(value: string): readonly string[] {
  const parts = value.match(/(?:"(?:[^"\\]|\\.)*"|<[^>]*>|[^,"<])+/g) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

export type HeaderValues = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Puts a message together. `changes` win over `defaults` of the same name (undefined leaves the header out);
 * names that the defaults lack are added at the end. Content-Length is right unless it is given.
 */
export function composeSip(
  startLine: string,
  defaults: readonly (readonly [name: string, value: string])[],
  changes: HeaderValues = {},
  body = '',
): string {
  const changed = new Map(Object.entries(changes).map(([name, value]) => [canonical(name), value]));
  const kept = defaults.filter(([name]) => !changed.has(canonical(name)));
  const lines: string[] = [];
  const written = new Set<string>();
  const writeChange = (name: string, value: HeaderValues[string]) => {
    if (written.has(canonical(name)) || value === undefined) return;
    written.add(canonical(name));
    for (const one of typeof value === 'string' ? [value] : value) lines.push(`${name}: ${one}`);
  };

  for (const [name, value] of defaults) {
    if (changed.has(canonical(name))) writeChange(name, changed.get(canonical(name)));
    else lines.push(`${name}: ${value}`);
  }
  for (const [name, value] of Object.entries(changes)) writeChange(name, value);
  if (![...kept.map(([name]) => canonical(name)), ...changed.keys()].includes('content-length'))
    lines.push(`Content-Length: ${body.length}`);
  return `${startLine}\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** Cuts whole messages off a stream: `[messages, the rest]`. Lone CRLFs between them come out as empty strings. */
export function cutStream(buffered: string): readonly [messages: readonly string[], rest: string] {
  const messages: string[] = [];
  let rest = buffered;
  for (;;) {
    if (rest.startsWith('\r\n')) {
      messages.push('');
      rest = rest.slice(2);
      continue;
    }
    const headEnd = rest.indexOf('\r\n\r\n');
    if (headEnd < 0) return [messages, rest];
    const length = /\r\n(?:content-length|l)\s*:\s*(\d+)/i.exec(rest.slice(0, headEnd))?.[1] ?? '0';
    const end = headEnd + 4 + Number(length);
    if (rest.length < end) return [messages, rest];
    messages.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
}
