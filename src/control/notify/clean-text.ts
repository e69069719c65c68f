/**
 * What came from outside, on one line, with nothing in it that drives a terminal, turns a line around, or becomes a link in
 * a mail program or a chat.
 */
export function cleanText(text: string, most = 400): string {
  const clean = text
    .slice(0, most + 1)
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
    .replaceAll('://', '[:]//')
    .replace(/\bwww\./gi, 'www[.]');
  return clean.length > most ? `${clean.slice(0, most)}…` : clean;
}
