const EXTENSION = '{extension}';

/**
 * Has the certificate a name that is wanted? `{extension}` stands for the extension's own; `*.` at the beginning for one
 * label. A wildcard in the certificate itself stands for nothing (RFC 5922 §7.2): whoever holds one could be everybody.
 */
export function matchesCertificateName(
  wanted: string,
  extension: string,
  names: readonly string[],
): boolean {
  const name = wanted.toLowerCase().replaceAll(EXTENSION, extension.toLowerCase());
  return names.some((one) => matches(name, one.toLowerCase()));
}

function matches(wanted: string, name: string): boolean {
  if (name.includes('*')) return false;
  if (!wanted.startsWith('*.')) return wanted === name;
  const dot = name.indexOf('.');
  return dot > 0 && name.slice(dot) === wanted.slice(1);
}
