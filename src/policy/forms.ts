import { z } from 'zod';
import { countryMeant, isCountry } from '../numbers/countries.ts';
import { parsePattern } from '../numbers/pattern.ts';
import { expected, type Understood, understood, written } from './written.ts';

/** `192.0.2.1`, `192.0.2.0/24`, `192.0.2.0/255.255.255.0`, `2001:db8::/32`; returned as address or address/bits. */
export function readSource(text: string): Understood<string> {
  const form = 'an IP address, address/bits or address/netmask such as 192.0.2.0/24';
  const [address = '', mask, ...more] = text.split('/');
  const family = familyOf(address);
  if (family === undefined || more.length > 0) return expected(form, { meant: sourceMeant(text) });
  if (mask === undefined) return understood(address);
  const widest = family === 4 ? 32 : 128;
  if (/^\d{1,3}$/.test(mask) && Number(mask) <= widest)
    return understood(`${address}/${Number(mask)}`);
  if (family === 6 || familyOf(mask) !== 4) return expected(`${form}, at most ${widest} bits`);
  const bits = netmaskBits(mask);
  if (bits !== undefined) return understood(`${address}/${bits}`);
  // Routers of one kind write the bits that may differ.
  const inverse = netmaskBits(mask.replace(/\d+/g, (byte) => String(255 - Number(byte))));
  return expected(`${form}; a netmask is ones and then zeros`, {
    meant: inverse === undefined ? undefined : `${address}/${inverse}`,
  });
}

/** One address; that of a link may say of which: `fe80::1%eth0`. */
function readAddress(text: string): Understood<string> {
  if (familyOf(text.replace(/^(fe80:.*)%[\w.-]+$/i, '$1')) !== undefined) return understood(text);
  const meant = text.includes('/') ? undefined : sourceMeant(text);
  return expected('an IP address such as 192.0.2.7', {
    meant: meant?.includes('/') ? undefined : meant,
  });
}

/** What people write for a network, and addresses as they stand elsewhere. */
function sourceMeant(text: string): string | undefined {
  const close = text
    .trim()
    .replace(/\s*\/\s*|\s+/, '/')
    .replace(/^::ffff:(?=\d+\.)/i, '')
    .replace(/%\w+$/, '');
  const read = close === text ? undefined : readSource(close);
  if (read?.ok) return read.value;
  const [, bare = text] = /^\[?([^\]]*?)\]?(?::\d+)?$/.exec(text) ?? [];
  if (familyOf(bare) !== undefined) return bare;
  const bytes = bare.replace(/(?:\.\*)+$|\.$/, '').split('.');
  if (bytes.length > 4 || !bytes.every((byte) => /^\d{1,3}$/.test(byte))) return undefined;
  const whole = [...bytes.map(Number), 0, 0, 0].slice(0, 4).join('.');
  if (familyOf(whole) === undefined) return undefined;
  return bytes.length === 4 ? whole : `${whole}/${bytes.length * 8}`;
}

function familyOf(address: string): 4 | 6 | undefined {
  if (z.regexes.ipv4.test(address)) return 4;
  return z.regexes.ipv6.test(address) ? 6 : undefined;
}

function netmaskBits(mask: string): number | undefined {
  const binary = mask
    .split('.')
    .map((byte) => Number(byte).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(binary) ? binary.replaceAll('0', '').length : undefined;
}

function readCountry(text: string): Understood<string> {
  const form = 'a country by two capital letters (ISO 3166): DE';
  return isCountry(text) ? understood(text) : expected(form, { meant: countryMeant(text) });
}

/** To ask for a zone is dear, and a site has the same one each time that it is read. */
const knownZones = new Set<string>();

function readTimeZone(text: string): Understood<string> {
  if (knownZones.has(text)) return understood(text);
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    knownZones.add(text);
    return understood(text);
  } catch {
    const among = Intl.supportedValuesOf('timeZone');
    const city = among.find((zone) => zone.toLowerCase().endsWith(`/${text.toLowerCase()}`));
    const hint = city === undefined ? { among } : { meant: city };
    return expected('a time zone such as Europe/Berlin, America/New_York or UTC', hint);
  }
}

function readPattern(text: string): Understood<string> {
  const parsed = parsePattern(text);
  if (parsed.ok) return understood(text);
  const [, amiss = '', form = parsed.problem] =
    /^found (.*?), expected (.*)$/s.exec(parsed.problem) ?? [];
  return { ok: false, expected: form, amiss };
}

/** An address or a network. */
export const source = written(readSource);

/** An address alone. */
export const address = written(readAddress);

/** A country by ISO 3166 alpha-2. */
export const country = written(readCountry);

export const timeZone = written(readTimeZone);

/** A number or a telephony pattern: `0900!`, `NXX`, `[1-5]X.`. */
export const numberPattern = written(readPattern);

/** A file or folder by its name. */
export const fileName = written((text) =>
  text === '' || /\p{Cc}/u.test(text) ? expected('the name of a file or folder') : understood(text),
);
