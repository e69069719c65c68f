import { isDigits, symbolOf } from './dialable.ts';

/** Longer than any number, with room for prefixes; what is longer is not read. */
const MOST_DIGITS = 32;
/** E.164's fifteen, and the +. */
const MOST_CONTEXT = 16;

/** The user part of a request URI or a tel URI without all that is not dialled. */
export interface CleanDialled {
  readonly digits: string;
  /** False: too long, or with characters that no keypad has; `digits` is then only for showing. */
  readonly dialable: boolean;
  readonly pin: string | undefined;
  /** The digits of `;phone-context=+44`. */
  readonly context: string | undefined;
}

/** Separates the digits from separators, escapes, parameters and PIN. */
export function cleanDialled(dialled: string, pinSeparator: string | null): CleanDialled {
  const start = isTel(dialled) ? 4 : 0;
  const end = dialled.indexOf(';', start);
  const user = end < 0 && start === 0 ? dialled : dialled.slice(start, end < 0 ? undefined : end);
  const context = end < 0 ? undefined : contextOf(dialled.slice(end));
  const text = user.includes('%') ? unescapeText(user) : user;
  const at = pinSeparator === null ? -1 : text.indexOf(pinSeparator);
  if (pinSeparator !== null && at > 0) {
    const pin = digitsOf(text.slice(0, at));
    if (pin !== undefined && isDigits(pin)) {
      const rest = digitsOf(text.slice(at + pinSeparator.length));
      return { digits: rest ?? '', dialable: rest !== undefined, pin, context };
    }
  }
  const digits = digitsOf(text);
  return {
    // A mistyped PIN may stand before a separator, and is not for showing either.
    digits: digits ?? (at > 0 ? '' : user.slice(0, MOST_DIGITS)),
    dialable: digits !== undefined,
    pin: undefined,
    context,
  };
}

/** The symbols a text dials; undefined when something in it cannot be dialled, or it is too long. */
function digitsOf(text: string): string | undefined {
  let clean = true;
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const symbol = symbolOf(code);
    if (symbol < 0 && !isSeparator(code)) return undefined;
    if (symbol >= 0) count++;
    if (symbol < 0 || (code >= 0x41 && code <= 0x44)) clean = false;
  }
  if (count > MOST_DIGITS) return undefined;
  return clean ? text : text.replace(/[-.() ]/g, '').toLowerCase();
}

function isSeparator(code: number): boolean {
  return code === 0x2d || code === 0x2e || code === 0x28 || code === 0x29 || code === 0x20;
}

function isTel(text: string): boolean {
  return text.charCodeAt(3) === 0x3a && text.slice(0, 4).toLowerCase() === 'tel:';
}

/** One level only: what is escaped twice is nothing a phone dials. */
function unescapeText(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_escape, hex: string) => {
    const code = Number.parseInt(hex, 16);
    return code < 0x80 ? String.fromCharCode(code) : '\ufffd';
  });
}

function contextOf(parameters: string): string | undefined {
  const found = /;phone-context=([^;]*)/i.exec(parameters)?.[1];
  if (found === undefined) return undefined;
  const context = digitsOf(unescapeText(found)) ?? '';
  if (!context.startsWith('+') || context.length > MOST_CONTEXT) return undefined;
  return isDigits(context.slice(1)) ? context.slice(1) : undefined;
}
