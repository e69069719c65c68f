/** One thing that is wrong with what the operator wrote, and where. */
export interface Problem {
  /** `routes/pbx.yaml:4:9`, `--set`, `DRAWBRIDGE_LISTEN`. */
  readonly where: string;
  /** The key, when the problem has one. */
  readonly key?: string;
  readonly text: string;
}

/** `routes/pbx.yaml:4:9 pbx.health.everySecond: found …, expected …` */
export function showProblem({ where, key, text }: Problem): string {
  return key === undefined || key === '' ? `${where}: ${text}` : `${where} ${key}: ${text}`;
}

/** `found X, expected Y (did you mean Z?)` */
export function mismatch(found: string, expected: string, meant?: string): string {
  const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
  return `found ${found}, expected ${expected}${hint}`;
}

/** What is said of a key that nobody knows: a letter that only looks like one, or cannot be seen at all, is named. */
export function unknownKey(key: string): string {
  const odd = [...key].find((letter) => !/[ -~]/.test(letter))?.codePointAt(0);
  if (odd === undefined) return 'an unknown key';
  return `an unknown key with U+${odd.toString(16).toUpperCase().padStart(4, '0')} in it`;
}

/** A URL that may have a secret in it, without all that may be one. */
export function showHost(url: string): string {
  const [whole] = /^https?:\/\/[^/?#]*/i.exec(url) ?? [];
  // Of "https://me:secret/1@host" the secret stands where a host does.
  if (whole === undefined || url.includes('@') || !URL.canParse(url)) return '(not shown)';
  return showFound(`${whole}/…`).slice(1, -1);
}

/** A value as a message shows it: short, on one line, and without what may be secret in a URL. */
export function showFound(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  // JSON has no infinity and would say null.
  const text =
    typeof value === 'number' ? String(value) : (JSON.stringify(value, hideInside) ?? `${value}`);
  const clean = text.replace(/\p{Cc}/gu, '?');
  return clean.length > 80 ? `${clean.slice(0, 77)}...` : clean;
}

/**
 * A text without what may be secret in a URL: users and passwords, and of one of the web all behind the host,
 * for a webhook that stands under the wrong key is as secret there.
 */
export function hideInUrl(text: string): string {
  const ofTheWeb = /(https?:\/\/)(?:.*@.*|([^/?#]*)[/?#].+)/is;
  const shown = text.replace(ofTheWeb, (_all, scheme, host) =>
    host === undefined ? `${scheme}…` : `${scheme}${host}/…`,
  );
  const from = shown.indexOf('://');
  const to = shown.lastIndexOf('@');
  return from === -1 || to < from ? shown : `${shown.slice(0, from)}://…${shown.slice(to)}`;
}

function hideInside(_key: string, value: unknown): unknown {
  if (typeof value === 'string') return hideInUrl(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [hideInUrl(key), inner]));
}

/** What kind of thing a value is, where it may be a secret or have one in it. */
export function showKind(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return blockKind(Object.keys(value));
  return kinds[typeof value] ?? 'a value';
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
};

const MOST_KEYS_SHOWN = 5;

function blockKind(keys: readonly string[]): string {
  if (keys.length === 0) return 'an empty block';
  const more = keys.length > MOST_KEYS_SHOWN ? ', …' : '';
  return `a block with ${keys.slice(0, MOST_KEYS_SHOWN).map(showKey).join(', ')}${more}`;
}

/** A key where secrets are: `{ token:SECRET }`, a space forgotten, makes a key of both. */
export const showKey = (key: string): string => (/^[\w.-]{1,64}$/.test(key) ? key : '…');
