import { hopOf, inBrackets, readHopUri, readHostPort, showHostPort } from '../config/forms.ts';
import { isHere, ownAddresses } from '../config/own-addresses.ts';
import { countryMeant, isCountry } from '../numbers/countries.ts';
import { readSource } from '../policy/forms.ts';
import { expected, type Understood, understood } from '../policy/written.ts';
import type { ImportedExtension } from './imported.ts';

/** What whoever sets up the gate says of the site. */
export interface Answers {
  /** A SIP URI. */
  readonly pbx: string;
  /** The name or address by which phones outside reach the gate. */
  readonly publicAddress: string | undefined;
  readonly homeCountry: string | undefined;
  /** Undefined: the private ones, as shipped. */
  readonly localNetworks: readonly string[] | undefined;
  /** Abroad. */
  readonly countries: readonly string[];
  readonly outsidePrefix: string;
  readonly timeZone: string;
  readonly extensions: readonly ImportedExtension[];
  /** May others register than those. */
  readonly unlisted: boolean;
}

const gatesOwnPorts = [5060, 5061];

/** `192.0.2.10`, `pbx.example.com:5080`, or the whole URI; not where the gate itself will listen. */
export function readPbx(text: string): Understood<string> {
  const uri = readHopUri(text);
  const place = readHostPort(uri.ok ? hopOf(text) : inBrackets(text));
  if (!place.ok)
    return expected(
      'an address or a name such as 192.0.2.10 or pbx.example.com:5080, or a SIP URI',
    );
  const { host, port = 5060 } = place.value;
  if (isThisMachine(host) && gatesOwnPorts.includes(port))
    return expected(
      `another port than the gate's own ${gatesOwnPorts.join(' and ')} on this machine, such as ${showHostPort(host, 5080)}: move the PBX there first`,
    );
  return uri.ok ? uri : understood(`sip:${showHostPort(host, port)}`);
}

function isThisMachine(host: string): boolean {
  return isHere(host) || ownAddresses().includes(host);
}

/** A host name or an address. */
export function readPublicAddress(text: string): Understood<string> {
  const read = readHostPort(inBrackets(text));
  return read.ok && read.value.port === undefined
    ? understood(read.value.host)
    : expected('a host name or an address, without a port: sip.example.com');
}

export function readHomeCountry(text: string): Understood<string> {
  const code = text.toUpperCase();
  if (isCountry(code)) return understood(code);
  return expected('a country by two letters (ISO 3166): DE', { meant: countryMeant(text) });
}

export const readCountries = (text: string): Understood<readonly string[]> =>
  readEach(text, readHomeCountry);

export const readNetworks = (text: string): Understood<readonly string[]> =>
  readEach(text, readSource);

export function readOutsidePrefix(text: string): Understood<string> {
  return /^[0-9*#]{1,4}$/.test(text) ? understood(text) : expected('at most four digits: 0');
}

export function readTimeZone(text: string): Understood<string> {
  try {
    return understood(new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone);
  } catch {
    return expected('a time zone such as Europe/Berlin, America/New_York or UTC');
  }
}

/** Several, with commas or blanks between. */
function readEach(
  text: string,
  read: (one: string) => Understood<string>,
): Understood<readonly string[]> {
  const found = new Set<string>();
  for (const one of text.split(/[\s,]+/).filter((word) => word !== '')) {
    const answer = read(one);
    if (!answer.ok) return { ...answer, amiss: one };
    found.add(answer.value);
  }
  return understood([...found]);
}
