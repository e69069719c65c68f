import type { CallFacts, Identity, RegistrationFacts, RequestFacts } from '../facts.ts';
import { scannerHabitOf } from '../rules/network/scanner-habits.ts';
import type { Question } from './question.ts';

/** What a phone writes is less; no limit is set there. */
const MANY_LINES = 50;
const MANY_BYTES = 4096;

type Facts = RequestFacts | RegistrationFacts | CallFacts;
type Told = { -readonly [Key in keyof Question]: Question[Key] };

/**
 * The question that asks the same again: what an event keeps of the facts, so that it can be judged by another policy.
 * What is as for an ordinary extension is left out. No PIN is in it, only whose it was.
 */
export function questionOf(facts: Facts): Question {
  const { source, userAgent } = facts;
  const told: Told = {
    source: source.address,
    port: source.port,
    transport: source.transport,
    realm: source.realm,
    tier: source.tier,
  };
  if (source.country !== undefined) told.country = source.country;
  if (userAgent !== undefined) told.userAgent = userAgent;
  if (isRegistration(facts)) told.register = facts.extension;
  else if (!isCall(facts)) told.method = facts.method;
  else {
    if (facts.trunk !== undefined) told.trunk = facts.trunk;
    if (isInbound(facts)) told.inbound = facts.dialled.digits;
    else {
      told.invite = facts.dialled.digits;
      told.as = facts.extension ?? '';
    }
  }
  return tellUnusual(told, facts);
}

/** What of that question is not as for an ordinary extension, besides who asks what, from where. */
export const unusualIn = (facts: Facts): Partial<Question> => tellUnusual({}, facts);

function tellUnusual(told: Told, facts: Facts): Told {
  const { source, from } = facts;
  if (source.toPort !== usualPort(source.transport)) told.toPort = source.toPort;
  if (source.certificateNames.length > 0) told.certificateNames = [...source.certificateNames];
  if (source.familiar !== (source.tier !== 'unknown')) told.familiar = source.familiar;
  if (source.tier === 'unknown' && facts.domain !== undefined) told.domain = facts.domain;
  if (source.blocked !== undefined) told.blocked = true;
  if (scannerHabitOf(facts) !== undefined) told.fromTag = facts.fromTag;
  if (facts.headerLines > MANY_LINES) told.headerLines = facts.headerLines;
  if (facts.headBytes > MANY_BYTES) told.headBytes = facts.headBytes;
  let who: string | undefined;
  if (isRegistration(facts)) {
    who = facts.extension;
    tellRegistration(told, facts);
  } else if (isCall(facts)) {
    if (!isInbound(facts)) who = facts.extension;
    tellCall(told, facts);
  }
  if (from !== (who ?? '')) told.from = from;
  return told;
}

const usualPort = (transport: string): number =>
  transport === 'tls' || transport === 'wss' ? 5061 : 5060;

const isRegistration = (facts: Facts): facts is RegistrationFacts => 'newDevices' in facts;

/** A message or a subscription has the facts of a call, but is none. */
export const isCall = (facts: Facts): facts is CallFacts =>
  'dialled' in facts && (facts.method === 'INVITE' || facts.by !== 'invite');

/** A trunk calls. */
export const isInbound = ({ source }: CallFacts): boolean => source.realm === 'trunk';

function tellRegistration(told: Told, facts: RegistrationFacts): void {
  const [expires = 0] = facts.expires;
  if (facts.registerName !== undefined) told.registerName = facts.registerName;
  if (expires !== 3600) told.expires = expires;
  if (facts.devices > 0) told.devices = facts.devices;
  if (facts.alike > 0) told.alike = facts.alike;
  if (facts.newDevices === 0 && expires > 0) told.newDevice = false;
  if (facts.registeredHere) told.registered = true;
  if (facts.guard !== undefined) told.guarded = true;
  if (!facts.credentials) told.credentials = false;
  if (facts.credentials && !facts.proven) told.proven = false;
}

function tellCall(told: Told, facts: CallFacts): void {
  const { dialled, divertedBy } = facts;
  const inbound = isInbound(facts);
  if (!inbound) {
    if (!facts.registered) told.registered = false;
    else if (!facts.onOwnFlow) told.sameFlow = false;
    if (dialled.kind === 'extension') told.toRegistered = true;
  }
  if (facts.by !== 'invite') told.by = facts.by;
  if (divertedBy !== undefined) told.divertedBy = divertedBy;
  if (!facts.trunkCertified) told.trunkCertified = false;
  if (facts.pin !== undefined) told.pin = facts.pin.entry ?? '';
  if (facts.continues !== undefined) told.continues = facts.continues.route ?? '';
  if (facts.asksAgain) told.asksAgain = true;
  if (facts.anonymous !== (inbound && facts.from === '')) told.anonymous = facts.anonymous;
  tellIdentities(told, facts);
}

const keyOf = {
  'P-Preferred-Identity': 'preferred',
  'P-Asserted-Identity': 'asserted',
  'Remote-Party-ID': 'remoteParty',
  Authorization: 'registerName',
} as const satisfies Partial<Record<Identity['header'], keyof Question>>;

function tellIdentities(told: Told, { identities }: CallFacts): void {
  for (const { header, user } of identities) {
    if (header === 'From') continue;
    told[keyOf[header]] ??= user ?? '';
  }
}
