import { trimBlanks } from './characters.ts';

/** Splits a list header's value at its commas: those in quotes and between angle brackets do not count. */
export function splitList(value: string): string[] {
  if (!value.includes(',')) return [value];
  const elements: string[] = [];
  let from = 0;
  for (let comma = endOfElement(value, 0, value.length); comma < value.length; ) {
    elements.push(trimBlanks(value.slice(from, comma)));
    from = comma + 1;
    comma = endOfElement(value, from, value.length);
  }
  elements.push(trimBlanks(value.slice(from)));
  return elements;
}

/** Where the list element that starts at `from` ends: at a comma, or at `end`. */
export function endOfElement(text: string, from: number, end: number): number {
  let quoted = false;
  let bracketed = false;
  for (let at = from; at < end; at++) {
    const c = text.charCodeAt(at);
    if (quoted) {
      if (c === 92) at++;
      else if (c === 34) quoted = false;
    } else if (c === 34) quoted = true;
    else if (c === 60) bracketed = true;
    else if (c === 62) bracketed = false;
    else if (c === 44 && !bracketed) return at;
  }
  return end;
}
