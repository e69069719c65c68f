import { z } from 'zod';

/** A text the operator wrote, understood; or what was expected of it. */
export type Understood<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly expected: string;
      /** What of it is wrong, when it is not the whole. */
      readonly amiss?: string;
      readonly hint?: Hint;
    };

/** What was probably meant: known, or to be looked for among these. */
export type Hint = { readonly meant: string | undefined } | { readonly among: readonly string[] };

export function understood<T>(value: T): Understood<T> {
  return { ok: true, value };
}

export function expected(text: string, hint?: Hint): Understood<never> {
  return { ok: false, expected: text, ...(hint && { hint }) };
}

/** What a text that was not understood was probably meant to be, where that is known. */
export function meantBy({ hint }: { readonly hint?: Hint }): string | undefined {
  return hint && 'meant' in hint ? hint.meant : undefined;
}

/** What an issue of such a text carries besides its message, for whoever shows it. */
export interface WrittenIssue {
  readonly amiss?: string;
  readonly hint?: Hint;
}

/**
 * A text with a form of its own; the issue's message is what was expected. `secret` says what of it no message shows:
 * of a URL all but its host.
 */
export function written<T>(
  read: (text: string) => Understood<T>,
  { secret }: { readonly secret?: 'path' } = {},
) {
  const base = secret === undefined ? z.string() : z.string().meta({ secret });
  return base.transform((text, context) => {
    const result = read(text);
    if (result.ok) return result.value;
    const { expected: message, amiss, hint } = result;
    const params: WrittenIssue = { ...(amiss && { amiss }), ...(hint && { hint }) };
    context.issues.push({ code: 'custom', input: text, message, params: { ...params } });
    return z.NEVER;
  });
}
