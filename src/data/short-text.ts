const LONGEST_TEXT = 200;

/** What a stranger wrote fills no log. */
export const short = (text: string): string =>
  text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`;

/** The same of what may be missing. */
export const shortIf = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : short(text);
