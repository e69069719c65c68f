import { isEmergencyUrn } from '../../numbers/emergency-numbers.ts';
import { chooseRoute } from '../choose-route.ts';
import type {
  Blocked,
  BrokenFacts,
  CallFacts,
  Guarded,
  Identity,
  RegistrationFacts,
  RequestFacts,
  Source,
} from '../facts.ts';
import { asExtension, type Site } from '../site.ts';
import type { Question } from './question.ts';

/** What the edge would know of such a request. */
export interface Surroundings {
  readonly at: number;
  /** Who is counted as one with this address. */
  readonly keyOf: (address: string) => string;
  readonly isLocal: (address: string) => boolean;
  /** Is it on the list of those that nothing of the network is asked about? */
  readonly isAllowed: (address: string) => boolean;
  /** Does a list allow it? Left out: nobody looks. */
  readonly isSpared?: (address: string) => boolean;
  readonly countryOf: (address: string) => string | undefined;
  /** What blocks it just now. Left out: nobody looks. */
  readonly blockOf?: (address: string) => Blocked | undefined;
  /** Is or was the extension registered from there? Left out: nobody looks. */
  readonly isHome?: (extension: string, address: string) => boolean;
  /** Why the extension is guarded just now. Left out: nobody looks. */
  readonly guardOf?: (extension: string) => Guarded | undefined;
}

/** An address of the documentation, which nobody has (RFC 5737). */
const SOMEWHERE = '203.0.113.1';

function sourceOf(question: Question, around: Surroundings): Source {
  const address = question.source ?? SOMEWHERE;
  const realm = question.realm ?? (question.inbound === undefined ? 'access' : 'trunk');
  const transport = question.transport ?? 'udp';
  const trusted = realm !== 'access' || around.isAllowed(address);
  const tier =
    question.tier ?? (trusted ? 'trusted' : question.invite === undefined ? 'unknown' : 'known');
  return {
    address,
    port: question.port ?? 5060,
    transport,
    realm,
    tier,
    spared: around.isSpared?.(address),
    key: around.keyOf(address),
    toPort: question.toPort ?? (transport === 'tls' || transport === 'wss' ? 5061 : 5060),
    country: question.country ?? around.countryOf(address),
    local: around.isLocal(address),
    proven: transport !== 'udp' || tier !== 'unknown',
    familiar: question.familiar ?? tier !== 'unknown',
    blocked: blockedBy(question, address, around),
    certificateNames: question.certificateNames ?? [],
  };
}

function blockedBy(
  { blocked }: Question,
  address: string,
  around: Surroundings,
): Blocked | undefined {
  if (blocked === undefined) return around.blockOf?.(address);
  return blocked ? someBlock(address) : undefined;
}

function guardOn(
  extension: string,
  guarded: boolean | undefined,
  around: Surroundings,
): Guarded | undefined {
  if (guarded === undefined) return around.guardOf?.(extension);
  return guarded ? { by: 'rule', evidence: 'as is assumed' } : undefined;
}

const someBlock = (network: string): Blocked => ({
  network,
  rule: 'some rule',
  evidence: 'as is assumed',
  until: undefined,
});

export const brokenOf = (
  question: Question & { readonly broken: string },
  around: Surroundings,
): BrokenFacts => ({
  at: around.at,
  source: sourceOf(question, around),
  problem: question.broken,
});

export function requestOf(question: Question, site: Site, around: Surroundings): RequestFacts {
  const source = sourceOf(question, around);
  const dialled = question.invite ?? question.inbound;
  const extension = question.register ?? question.as;
  const from = question.from ?? extension ?? '';
  return {
    at: around.at,
    source,
    emergency: question.invite !== undefined && isEmergency(question.invite, site),
    method:
      question.method ??
      (question.register === undefined
        ? question.by === 'refer'
          ? 'REFER'
          : 'INVITE'
        : 'REGISTER'),
    inDialog: question.by === 'refer',
    userAgent: question.userAgent,
    callId: 'imagined',
    requestUri: dialled === undefined ? 'sip:gate' : `sip:${dialled}@gate`,
    domain: question.domain,
    requestUser: dialled ?? '',
    from,
    to: dialled ?? extension ?? '',
    fromTag: question.fromTag ?? 'imagined',
    fromHeader: `<sip:${from}@gate>;tag=imagined`,
    headerLines: question.headerLines ?? 12,
    headBytes: question.headBytes ?? 500,
    branch: 'z9hG4bKimagined',
    extension,
    profile: site.extensions.profileOf(extension),
    doubtful: question.proven === false && question.register === undefined,
  };
}

const isEmergency = (dialled: string, site: Site): boolean =>
  isEmergencyUrn(dialled) || site.readDialled(dialled).kind === 'emergency';

export function registrationOf(
  question: Question & { readonly register: string },
  site: Site,
  around: Surroundings,
): RegistrationFacts {
  const expires = question.expires ?? 3600;
  const request = requestOf(question, site, around);
  const registered = question.registered === true;
  return {
    ...request,
    extension: question.register,
    registerName: question.registerName,
    expires: [expires],
    credentials: question.credentials ?? true,
    proven: question.proven ?? true,
    holder: registered && question.newDevice === false,
    registeredHere: registered,
    atHome: registered || around.isHome?.(question.register, request.source.address) === true,
    guard: guardOn(question.register, question.guarded, around),
    shared: registered || request.source.tier === 'known',
    newDevices: question.newDevice === false || expires === 0 ? 0 : 1,
    devices: question.devices ?? 0,
    alike: question.alike ?? 0,
    returning: false,
  };
}

export function callOf(question: Question, site: Site, around: Surroundings): CallFacts {
  const request = requestOf(question, site, around);
  const identities: Identity[] = [{ header: 'From', user: request.from }];
  if (question.preferred !== undefined)
    identities.push({ header: 'P-Preferred-Identity', user: question.preferred });
  if (question.asserted !== undefined)
    identities.push({ header: 'P-Asserted-Identity', user: question.asserted });
  if (question.remoteParty !== undefined)
    identities.push({ header: 'Remote-Party-ID', user: question.remoteParty });
  if (
    question.registerName !== undefined &&
    ![request.extension, request.profile.registerName].includes(question.registerName)
  )
    identities.push({ header: 'Authorization', user: question.registerName });
  const registered = question.registered ?? question.invite !== undefined;
  const inbound = question.inbound !== undefined;
  const read = site.readDialled(question.invite ?? question.inbound ?? '');
  const dialled = question.toRegistered === true ? asExtension(read) : read;
  return {
    ...request,
    // whatever asks for a call, what is judged is the call
    method: 'INVITE',
    by: question.by ?? 'invite',
    registered,
    onOwnFlow: registered && question.sameFlow !== false,
    identities,
    divertedBy: question.divertedBy,
    dialled,
    route: inbound ? undefined : chooseRoute({ ...request, dialled }, site)?.route,
    pin:
      question.pin === undefined && dialled.pin === undefined ? undefined : { entry: question.pin },
    asksAgain: question.asksAgain ?? false,
    continues:
      question.continues === undefined ? undefined : { route: question.continues || undefined },
    trunk: question.trunk,
    trunkCertified: question.trunkCertified ?? true,
    anonymous: question.anonymous ?? (inbound && request.from === ''),
  };
}
