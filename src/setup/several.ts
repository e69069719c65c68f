/** What stands between commas, or other marks, without blanks around it. */
export const several = (text: string, between: string | RegExp = ','): string[] =>
  text
    .split(between)
    .map((one) => one.trim())
    .filter((one) => one !== '');
