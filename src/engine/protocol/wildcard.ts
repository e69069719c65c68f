/** What a stranger sends is compared no further than this; longer texts match only what begins and ends with `*`. */
const MOST_COMPARED = 1024;

/**
 * Does a text match a pattern in which `*` stands for any characters and `?` for one? By no more steps than the
 * two are long, multiplied: unlike an expression, no text can make it take long.
 */
export function matches(pattern: string, whole: string): boolean {
  const text = whole.slice(0, MOST_COMPARED + 1);
  if (text.length > MOST_COMPARED) return pattern === '*';
  let at = 0;
  let in_ = 0;
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    if (pattern[in_] === '*') {
      star = in_++;
      resume = at;
    } else if (pattern[in_] === '?' || pattern[in_] === text[at]) {
      in_++;
      at++;
    } else if (star >= 0) {
      in_ = star + 1;
      at = ++resume;
    } else return false;
  }
  while (pattern[in_] === '*') in_++;
  return in_ === pattern.length;
}
