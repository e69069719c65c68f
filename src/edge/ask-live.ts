import { type Answered, ask } from '../policy/asking/ask.ts';
import { assumedCounters } from '../policy/asking/assumed-counters.ts';
import type { Question } from '../policy/asking/question.ts';
import type { Counters } from '../policy/counters.ts';
import type { Edge } from './edge.ts';
import { sourceOf } from './packed-address.ts';
import type { Binding } from './registrations.ts';

export interface AnsweredLive extends Answered {
  /** What was asked, with what is known of who is registered taken in. */
  readonly question: Question;
}

/** What would become of such a request now: by the rules that hold, the calls that are live, who is registered where. */
export function askLive(edge: Edge, question: Question, at: number): AnsweredLive {
  const { gatekeeper, registrations, attacks } = edge;
  const registered = registrations
    .ofUser(question.register ?? question.as ?? '')
    .filter(({ expiresAt }) => expiresAt > at);
  const asked = { ...askedFrom(question, registered), ...calledIn(edge, question, at) };
  const around = {
    at,
    keyOf: sourceOf,
    isLocal: (address: string) => gatekeeper.isLocal(address),
    isAllowed: (address: string) => gatekeeper.isAllowed(address),
    isSpared: (address: string) => gatekeeper.isSpared(address),
    countryOf: (address: string) => gatekeeper.countryOf(address),
    isHome: (extension: string, address: string) =>
      registrations.homes.has(extension, sourceOf(address), at),
    guardOf: (extension: string) => attacks.guards.of(extension, at),
    blockOf: (address: string) => gatekeeper.blockOf(address, sourceOf(address)),
  };
  const counters = assumedOver(asked, gatekeeper.looking);
  return { ...ask(gatekeeper.policy, asked, around, counters), question: asked };
}

function calledIn({ registrations }: Edge, { invite, toRegistered }: Question, at: number) {
  const isRegistered = invite !== undefined && registrations.hasUser(invite, at);
  return isRegistered && toRegistered === undefined ? { toRegistered: true } : {};
}

/** What the question leaves open of who asks is as that extension is registered. */
function askedFrom(question: Question, registered: readonly Binding[]): Question {
  const { source, register, as } = question;
  const own = registered.find(({ address }) => source === undefined || address === source);
  if (register === undefined && as === undefined) return question;
  if (own === undefined) {
    const nowhere = { registered: false, tier: 'unknown' } as const;
    return {
      ...nowhere,
      ...(register !== undefined && { devices: registered.length }),
      ...question,
    };
  }
  return {
    ...{ source: own.address, port: own.port, transport: own.transport },
    ...{ registered: true, tier: 'known' },
    ...(own.userAgent !== '' && { userAgent: own.userAgent }),
    ...(register !== undefined && { newDevice: false, devices: registered.length - 1 }),
    ...question,
  };
}

/** What somebody assumes counts; all else is as it is, this request included. */
function assumedOver(question: Question, looking: Counters): Counters {
  const assumed = assumedCounters(question);
  const { requests, failures, live, recentCalls, distinct, pressure } = question;
  return {
    take: requests === undefined ? looking.take : assumed.take,
    within:
      requests === undefined
        ? (key, seconds, at) => looking.within(key, seconds, at) + 1
        : assumed.within,
    packets:
      requests === undefined
        ? (kind, source, seconds, at) => looking.packets(kind, source, seconds, at) + 1
        : assumed.packets,
    failures: failures === undefined ? looking.failures : assumed.failures,
    live: live === undefined ? looking.live : assumed.live,
    calls: recentCalls === undefined ? looking.calls : assumed.calls,
    distinct: distinct === undefined ? looking.distinct : assumed.distinct,
    pressure: pressure === undefined ? looking.pressure : assumed.pressure,
  };
}
