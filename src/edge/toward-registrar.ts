import { Header } from '../sip/message/header-name.ts';
import type { Message } from '../sip/message/message.ts';
import { isSips, parseUri } from '../sip/message/uri.ts';
import { TOKEN_PARAMETER } from './binding-token.ts';
import type { Edge } from './edge.ts';
import { bounded, type ExpiryBounds, withExpires } from './expiry-bounds.ts';
import { credentialsForPbx } from './password-of.ts';
import type { AskedContact, Registration } from './registration.ts';
import type { HeaderChange, Target } from './signaling.ts';
import { stripForPbx } from './strip-for-pbx.ts';

const OVER_TLS = ';transport=tls';

/** Some PBXs drop a Path: they are given a Contact of ours. */
export function towardPbx(edge: Edge, target: Target | undefined): 'contact' | 'path' {
  if (edge.settings.registration.toward === 'contact' || target === undefined) return 'contact';
  return edge.pbx.nodeOf(target)?.dropsPath === true ? 'contact' : 'path';
}

/** What a PBX node calls us in its Contacts and Paths. */
export const ownAddress = ({ pbx, serving }: Edge, target: Target): string =>
  pbx.nodeOf(target)?.ownAddress(serving) ?? serving.ownAddress(target);

/** How a PBX node is told of a registration. */
export function headersToward(
  edge: Edge,
  registration: Registration,
  target: Target | undefined,
): readonly HeaderChange[] {
  const { request, password } = registration;
  const stripped = [...stripForPbx(edge, request), ...credentialsForPbx(edge, request, password)];
  const ours =
    registration.toward === 'path'
      ? withPath(edge, registration, target)
      : withContact(edge, registration, target);
  return stripped.length === 0 ? ours : [...stripped, ...ours];
}

/** What stands in our `sips:` URIs, when the phone registers as that and the PBX is reached over TLS (RFC 5630 §5.2). */
const secureAddress = ({ requestUri }: Message, ours: string): string | undefined =>
  isSips(requestUri) && ours.endsWith(OVER_TLS) ? ours.slice(0, -OVER_TLS.length) : undefined;

/**
 * The PBX is given a Contact of ours that leads back to the phone's. A Path would lead its calls around us, to
 * whoever the phone names.
 */
function withContact(
  edge: Edge,
  { request, asked, bounds, going }: Registration,
  target: Target | undefined,
): readonly HeaderChange[] {
  if (asked.length === 0 || target === undefined) return [];
  const ours = ownAddress(edge, target);
  const secure = secureAddress(request, ours);
  let value = '';
  const rewritten = (uri: string, user: string, token: string): string => {
    const userPart = user === '' ? '' : `${user}@`;
    const own =
      secure !== undefined && isSips(uri) ? `sips:${userPart}${secure}` : `sip:${userPart}${ours}`;
    return `<${own};${TOKEN_PARAMETER}=${token}>`;
  };
  for (const contact of asked) {
    const one =
      rewritten(contact.uri, contact.user, contact.token) + parametersToward(contact, bounds);
    value = value === '' ? one : `${value}, ${one}`;
  }
  for (const { contact, token } of going)
    value += `, ${rewritten(contact, parseUri(contact)?.user ?? '', token)};expires=0`;
  const contact = { name: 'Contact', value };
  return request.find(Header.path) < 0 ? [contact] : [contact, { name: 'Path', value: undefined }];
}

/** What stands behind the Contact, with no longer and no shorter time than the rules allow. */
function parametersToward(
  { parameters, expires }: AskedContact,
  bounds: ExpiryBounds | undefined,
): string {
  const allowed = bounded(expires, bounds);
  return allowed === expires ? parameters : withExpires(parameters, allowed);
}

/** RFC 3327. Without `Supported: path` a registrar must refuse it (§5.3), so we vouch for the phone. */
function withPath(
  edge: Edge,
  { request, asked, bounds, going }: Registration,
  target: Target | undefined,
): readonly HeaderChange[] {
  const [contact] = asked;
  if (contact === undefined || target === undefined) return [];
  const address = ownAddress(edge, target);
  const secure = isSips(contact.uri) ? secureAddress(request, address) : undefined;
  const own =
    secure === undefined ? `sip:${contact.token}@${address}` : `sips:${contact.token}@${secure}`;
  const ours = `<${own};lr>`;
  const others = request.list(Header.path);
  const supported = request.list(Header.supported).filter((option) => option !== '');
  const changes: HeaderChange[] = [{ name: 'Path', value: [ours, ...others].join(', ') }];
  if (!supported.includes('path'))
    changes.push({ name: 'Supported', value: [...supported, 'path'].join(', ') });
  if (going.length > 0 || asked.some(({ expires }) => bounded(expires, bounds) !== expires)) {
    const kept = asked.map((one) => `<${one.uri}>${parametersToward(one, bounds)}`);
    // the same phone by another domain: what it asks for must not be taken back with it
    const elsewhere = going.filter((one) => !asked.some(({ uri }) => uri === one.contact));
    const ended = elsewhere.map((one) => `<${one.contact}>;expires=0`);
    changes.push({ name: 'Contact', value: [...kept, ...ended].join(', ') });
  }
  return changes;
}
