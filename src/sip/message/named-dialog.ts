/**
 * What the Call-ID may be in what names a dialog (RFC 3891, 3911, 4538), `call-id;to-tag=a;from-tag=b`, the longest
 * first. None has a semicolon (RFC 3261 §25.1), so most readers end it at the first one. Whoever calls with such a
 * Call-ID is heard all the same, and then it ends where the tags begin.
 */
export function callIdsIn(value: string): readonly string[] {
  const first = value.indexOf(';');
  if (first < 0) return [value.trim()];
  const tags = value.search(/;\s*[a-z]+-tag\s*=/i);
  const ends = tags > first ? [tags, first] : [first];
  return ends.map((end) => value.slice(0, end).trim());
}
