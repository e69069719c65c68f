import metadata from 'libphonenumber-js/max/metadata';

/** Every country that a number or an address can be of, by ISO 3166 alpha-2; the last have no numbers of their own. */
const codes: ReadonlySet<string> = new Set([
  ...Object.keys(metadata.countries),
  ...['AQ', 'BV', 'GS', 'HM', 'PN', 'TF', 'UM'],
]);

/** What people write instead. */
const instead: Readonly<Record<string, string>> = { UK: 'GB', EN: 'GB', USA: 'US', UAE: 'AE' };

export const isCountry = (code: string): boolean => codes.has(code);

/** The country that somebody meant who wrote its name, its calling code, or its letters in another way. */
export function countryMeant(text: string): string | undefined {
  const word = text.trim().toUpperCase();
  if (isCountry(word)) return word;
  if (Object.hasOwn(instead, word)) return instead[word];
  const digits = /^(?:\+|00)?([1-9]\d{0,2})$/.exec(word)?.[1];
  if (digits !== undefined) return metadata.country_calling_codes[digits]?.find(isCountry);
  const names = new Intl.DisplayNames('en', { type: 'region' });
  return [...codes].find((code) => names.of(code)?.toUpperCase() === word);
}
