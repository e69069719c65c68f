import { canBeGuarded } from '../limits/guards.ts';
import type { Message } from '../sip/message/message.ts';
import type { CallFacts } from './call-facts.ts';
import {
  bringsPassword,
  digestNames,
  unmarkedCredentials,
  userNamed,
  withoutCredentials,
} from './credentials.ts';
import type { Edge } from './edge.ts';
import { RegistrationFacts } from './registration-facts.ts';
import type { RequestFacts } from './request-facts.ts';
import type { HeaderChange, Incoming } from './signaling.ts';
import { userOf } from './user-part.ts';

/** Credentials with more names than that are a trick: one is read by us, and another by the PBX. */
const MOST_TRIED = 4;

/**
 * What becomes of a password that comes with something else than a registration: the PBX may try it; nobody knows who
 * wrote it, and whoever did may answer a challenge; or he has guessed enough.
 */
export type Password = 'tried' | 'unproven' | 'withheld';

/**
 * Whatever reaches the PBX with a password is a question to it whether that is the right one. What is let through from
 * whoever is not registered, an emergency call or an OPTIONS, is let through all the same; but his password is held to
 * what it would be held to if he registered.
 *
 * Of a phone that calls by the port or connection it registered by only this: over UDP anybody may have written its
 * credentials, and whoever has a password of his own may leave `opaque` away; what he brings then is nobody's for all
 * that we know, and no limit would hold his call before it rings. The PBX challenges, and what answers that is proven.
 * It costs a phone that comes with a nonce of long ago one round trip, as `proven-credentials` does when it registers.
 * An emergency call of its own is not held up even for that.
 * Who only shares its address may be anybody in the same house, and is held as he would be if he registered.
 */
export function passwordOf(
  edge: Edge,
  incoming: Incoming,
  facts: CallFacts,
  tried: readonly string[],
): Password {
  if (tried.length === 0) return 'tried';
  const { policy } = edge.gatekeeper;
  const [extension, ...named] = tried;
  // now, and not when it came: it may have waited for others (`Guesses.waits`), who failed meanwhile
  const asked = { at: Date.now(), source: facts.source };
  if (facts.onOwnFlow && extension === facts.extension)
    return facts.doubtful && !facts.emergency && policy.wantsProofOf(facts)
      ? 'unproven'
      : judgePasswords(edge, incoming, asked, named);
  // a guest has not shown by being one that he returns `opaque`
  if (policy.site.guests.find(incoming.flow.address) !== undefined) return 'tried';
  const password = judgePasswords(edge, incoming, asked, tried);
  const isOneOfMany =
    password === 'tried' &&
    edge.guesses.triesManyNew(facts.source.key) &&
    isNewThere(edge, incoming, asked, extension);
  return isOneOfMany ? 'withheld' : password;
}

/** Does it bring a password for an extension that was not registered from there within a month? */
export const isNewThere = (
  edge: Edge,
  incoming: Incoming,
  asked: Pick<RequestFacts, 'at' | 'source'>,
  extension = '',
): boolean => new PasswordFacts(edge, incoming, asked, extension).isNewThere;

/** At whom anything but a REGISTER may have a password tried, whom it says it is first; none where it brings none. */
export function extensionsTried(
  edge: Edge,
  { request, flow }: Incoming,
  facts: CallFacts,
): readonly string[] {
  if (flow.realm !== 'access' || !bringsPassword(request)) return nobody;
  const extension = extensionTried(facts);
  return [extension, ...namedBeside(edge, request, [extension], facts.at)];
}

const nobody: readonly string[] = [];

/** At whom a REGISTER may have a password tried beside whom it registers. */
export function othersTried(
  edge: Edge,
  facts: RegistrationFacts,
  request: Message,
): readonly string[] {
  const registrar = registrarOf(facts);
  const known = registrar === undefined ? [facts.extension] : [facts.extension, registrar];
  const named = namedBeside(edge, request, known, facts.at);
  return registrar === undefined ? named : [registrar, ...named];
}

/**
 * The extensions named in the credentials, and nowhere else: a PBX may go by that name, as Asterisk does that
 * identifies by `auth_username`. What else stands there is nobody that a rule could guard.
 */
export function namedBeside(
  { gatekeeper, registrations }: Edge,
  request: Message,
  known: readonly string[],
  at: number,
): readonly string[] {
  const { extensions, readDialled } = gatekeeper.policy.site;
  const names = digestNames(request);
  if (names.length > MOST_TRIED) return names;
  return names
    .map(userNamed)
    .filter(
      (name) =>
        canBeGuarded(name) &&
        !known.includes(name) &&
        !known.some((extension) => extensions.profileOf(extension).registerName === name) &&
        (readDialled(name).kind === 'extension' || registrations.hasUser(name, at)),
    );
}

/**
 * Whom a REGISTER names in From, where that is somebody else than in To: he registers him (RFC 3261 §10.2). A PBX may
 * try the password of either; Asterisk takes From.
 */
function registrarOf({ fromHeader, extension }: RegistrationFacts): string | undefined {
  const from = userOf(fromHeader);
  return from === '' || from === extension ? undefined : from;
}

/** What the PBX is told of it. */
export const credentialsForPbx = (
  { guesses }: Edge,
  request: Message,
  password: Password,
): readonly HeaderChange[] =>
  password === 'tried' ? unmarkedCredentials(request, guesses.marks) : withoutCredentials;

/** At whose extension a password is tried: who the PBX is told it is. */
function extensionTried({ from, extension = '', profile }: CallFacts): string {
  const showsNobody = from === '' || from.toLowerCase() === 'anonymous';
  return showsNobody || profile.identities?.includes(from) ? extension : from;
}

/** What becomes of a password of whoever is not known to hold the extensions at which it may be tried. */
export function judgePasswords(
  edge: Edge,
  incoming: Incoming,
  asked: Pick<RequestFacts, 'at' | 'source'>,
  extensions: readonly string[],
): Password {
  if (extensions.length > MOST_TRIED) return 'withheld';
  for (const extension of extensions) {
    const password = judgePassword(edge, incoming, asked, extension);
    if (password !== 'tried') return password;
  }
  return 'tried';
}

function judgePassword(
  edge: Edge,
  incoming: Incoming,
  asked: Pick<RequestFacts, 'at' | 'source'>,
  extension: string,
): Password {
  const facts = new PasswordFacts(edge, incoming, asked, extension);
  const { gatekeeper, attacks } = edge;
  const { verdict } = gatekeeper.policy.judgePassword(facts, gatekeeper.looking);
  if (verdict.kind === 'pass') return 'tried';
  if (verdict.reason === 'credentials-not-proven') return 'unproven';
  if (verdict.reason === 'guessed-by-many' && facts.proven)
    attacks.keptOut(facts.extension, facts.source.key, facts.at);
  return 'withheld';
}

/** Who brings a password, as the rules of registration see him. */
class PasswordFacts extends RegistrationFacts {
  constructor(
    edge: Edge,
    incoming: Incoming,
    asked: Pick<RequestFacts, 'at' | 'source'>,
    extension: string,
  ) {
    super(edge, incoming, asked, extension, []);
  }

  /** Nothing stands in the way of the call; this is about the password. */
  override get emergency(): boolean {
    return false;
  }
}
