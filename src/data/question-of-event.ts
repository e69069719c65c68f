import { type Question, questionSchema } from '../policy/asking/question.ts';
import type { GateEvent } from './event.ts';

/** What a question and an event have under the same name. */
const shared = [
  'source',
  'port',
  'transport',
  'realm',
  'tier',
  'country',
  'userAgent',
  'trunk',
] as const;
type Shared = Pick<GateEvent, (typeof shared)[number]>;

export function sharedWith(question: Question): Shared {
  const event: Record<string, unknown> = {};
  for (const key of shared) if (question[key] !== undefined) event[key] = question[key];
  return event;
}

/** Kept under another name, or by `sharedWith`. */
const keptElsewhere: ReadonlySet<string> = new Set([
  ...shared,
  ...['register', 'invite', 'inbound', 'method', 'as'],
]);

/** What an event has to keep of the question besides what it says anyway. */
export function askedBeside(question: Question, event: Partial<GateEvent>): Partial<Question> {
  const asked: Record<string, unknown> = {};
  for (const key in question)
    if (!keptElsewhere.has(key)) asked[key] = question[key as keyof Question];
  const { register, invite, inbound, as } = question;
  if (invite !== undefined && invite !== event.number) asked.invite = invite;
  if (inbound !== undefined && inbound !== event.number) asked.inbound = inbound;
  const { extension = '' } = event;
  if (register !== undefined && register !== extension) asked.register = register;
  if (as !== undefined && as !== extension) asked.as = as;
  return asked;
}

/** The question that asks what this event was about; undefined when it was about no request. */
export function questionOfEvent(event: GateEvent): Question | undefined {
  const { method, realm, number, extension = '', asked = {} } = event;
  if (method === undefined) return undefined;
  const isCall = number !== undefined && (method === 'INVITE' || asked.by !== undefined);
  const about =
    method === 'REGISTER'
      ? { register: extension }
      : !isCall
        ? { method }
        : realm === 'trunk'
          ? { inbound: number }
          : { invite: number, as: extension };
  const kept = Object.fromEntries(
    shared.filter((key) => event[key] !== undefined).map((key) => [key, event[key]]),
  );
  const checked = questionSchema.safeParse({ ...kept, ...about, ...asked });
  return checked.success ? checked.data : undefined;
}
