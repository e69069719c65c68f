import type { EventKind, EventLevel } from '../edge/event-kinds.ts';
import type { Binding } from '../edge/registrations.ts';
import type { Question } from '../policy/asking/question.ts';
import { isCall, isInbound, unusualIn } from '../policy/asking/question-of-facts.ts';
import type { CallFacts, RequestFacts } from '../policy/facts.ts';
import type { GateEvent } from './event.ts';
import { askedBeside } from './question-of-event.ts';
import { short, shortIf } from './short-text.ts';

/**
 * What is told of a request. There are two events for each call: all have the same keys in the same order, so that
 * making one and writing it as JSON costs as little as can be; what is undefined is not written.
 */
export function eventOfRequest(
  facts: RequestFacts | CallFacts,
  kind: EventKind,
  level: EventLevel,
): GateEvent {
  const { at, source, extension } = facts;
  const call = 'dialled' in facts ? facts : undefined;
  const number = call && (call.dialled.e164 ?? call.dialled.digits);
  return {
    at,
    level,
    kind,
    count: 1,
    source: source.address,
    port: source.port,
    transport: source.transport,
    realm: source.realm,
    tier: source.tier,
    country: source.country,
    userAgent: shortIf(facts.userAgent),
    trunk: isCall(facts) ? shortIf(facts.trunk) : undefined,
    method: short(facts.method),
    callId: short(facts.callId),
    extension: extension === '' ? undefined : shortIf(extension),
    number: shortIf(number),
    route: shortIf(call?.route?.name),
    asked: askedOf(facts, number),
  };
}

/** What else was asked than the event says anyway: the number as it was dialled, when that is not the one it tells. */
function askedOf(
  facts: RequestFacts | CallFacts,
  number: string | undefined,
): Partial<Question> | undefined {
  const asked: { -readonly [Key in keyof Question]: Question[Key] } = unusualIn(facts);
  if (isCall(facts)) {
    const { digits } = facts.dialled;
    if (digits !== number) asked[isInbound(facts) ? 'inbound' : 'invite'] = digits;
  }
  return shortened(asked);
}

/** What is told of a registration that is new, once the facts are gone. */
export function eventOfRegistration(
  { callId, expiresAt }: Pick<Binding, 'callId' | 'expiresAt'>,
  asked: Question,
  at = Date.now(),
): GateEvent {
  const { source, port, transport, realm, tier, country, userAgent, register = '' } = asked;
  return {
    ...{ at, level: 'info', kind: 'registered', count: 1 },
    ...{ source, port, transport, realm, tier, country },
    userAgent: shortIf(userAgent),
    method: 'REGISTER',
    extension: short(register),
    callId: short(callId),
    seconds: Math.round((expiresAt - at) / 1000),
    asked: shortened(askedBeside(asked)),
  };
}

/** In place: it is asked of what was made a moment ago. Undefined when there is nothing in it. */
function shortened(asked: Partial<Question>): Partial<Question> | undefined {
  let isAny = false;
  for (const key in asked) {
    isAny = true;
    const value = asked[key as keyof Question];
    if (typeof value !== 'string') continue;
    const text = short(value);
    if (text !== value) Object.assign(asked, { [key]: text });
  }
  return isAny ? asked : undefined;
}
