import { digestParameters } from '../sip/message/digest.ts';
import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import type { ChallengeMarks } from './challenge-marks.ts';
import { sourceOf } from './packed-address.ts';
import type { Flow, HeaderChange } from './signaling.ts';
import { nameIn } from './user-part.ts';

const headers = [
  { id: Header.authorization, name: 'Authorization' },
  { id: Header.proxyAuthorization, name: 'Proxy-Authorization' },
] as const;

/** Credentials of any kind. */
export const hasCredentials = (request: Message): boolean =>
  request.find(Header.authorization) >= 0 || request.find(Header.proxyAuthorization) >= 0;

/**
 * Credentials that a password is in. Clients of IMS, and browsers that speak like them, bring some without at first, to say
 * who they are (3GPP TS 24.229 §5.1.1.2): nobody fails by these.
 */
export function bringsPassword(request: Message): boolean {
  for (const { id } of headers)
    for (let line = request.find(id); line >= 0; line = request.find(id, line + 1))
      if (!isBlank(request.valueOf(line))) return true;
  return false;
}

const NO_RESPONSE = 'response=""';

/** The word stands there once: what another reads in it must not be a second response. */
function isBlank(credentials: string): boolean {
  const at = credentials.indexOf(NO_RESPONSE);
  if (at < 0) return false;
  const next = credentials.charAt(at + NO_RESPONSE.length);
  return (next === '' || next === ',') && credentials.toLowerCase().split('response').length === 2;
}

/** The credentials of a request that has them once. */
export function onlyCredentials(request: Message): string | undefined {
  let found: string | undefined;
  for (const { id } of headers)
    for (let line = request.find(id); line >= 0; line = request.find(id, line + 1)) {
      if (found !== undefined) return undefined;
      found = request.valueOf(line);
    }
  return found;
}

/** Every digest user name of a request. The PBX may go by any of them. */
export function digestNames(request: Message): readonly string[] {
  const names = new Set<string>();
  for (const { id } of headers)
    for (let line = request.find(id); line >= 0; line = request.find(id, line + 1))
      for (const name of digestParameters(request.valueOf(line), 'username')) names.add(name);
  return [...names];
}

/** Whom a digest user name names: some write a domain behind it. */
export const userNamed = (digestName: string): string => nameIn(digestName.split('@', 1)[0] ?? '');

/**
 * Is it sure that whoever is at this address sent them, and nobody in his name? One of them shows it for all: a phone may
 * bring what it answered to another challenge, long ago, each time.
 */
export function areProven(
  request: Message,
  { transport, address }: Flow,
  marks: ChallengeMarks,
  now: number,
): boolean {
  if (transport !== 'udp') return true;
  const source = sourceOf(address);
  let found = false;
  for (const { id } of headers)
    for (let line = request.find(id); line >= 0; line = request.find(id, line + 1)) {
      if (marks.cameBack(request.valueOf(line), source, now)) return true;
      found = true;
    }
  return !found;
}

/**
 * Do all of them answer a challenge of our own, of which the PBX knows nothing? Then none of them goes on to it. Who
 * writes others beside such has a password tried there, and that counts.
 */
export function areForOurs(request: Message, marks: ChallengeMarks): boolean {
  let found = false;
  for (const { id } of headers) {
    const line = request.find(id);
    if (line < 0) continue;
    if (request.find(id, line + 1) >= 0 || !marks.areForOurs(request.valueOf(line))) return false;
    found = true;
  }
  return found;
}

/**
 * Takes our mark out of the credentials on their way to the PBX, and those that it could make nothing of. Of several in one
 * header each stays as it is.
 */
export function unmarkedCredentials(
  request: Message,
  marks: ChallengeMarks,
): readonly HeaderChange[] {
  let changes = nothing;
  for (const { id, name } of headers) {
    const line = request.find(id);
    if (line < 0 || request.find(id, line + 1) >= 0) continue;
    const written = request.valueOf(line);
    const value = marks.areForOurs(written) ? undefined : marks.takeOut(written);
    if (value !== written) changes = [...changes, { name, value }];
  }
  return changes;
}

/** All of them taken out. */
export const withoutCredentials: readonly HeaderChange[] = headers.map(({ name }) => ({
  name,
  value: undefined,
}));

const nothing: readonly HeaderChange[] = [];
