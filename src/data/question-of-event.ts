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

/** Kept under another name, or the same. */
const keptElsewhere: ReadonlySet<string> = new Set([
  ...shared,
  ...['register', 'invite', 'inbound', 'method', 'as'],
]);

/** What an event has to keep of the question besides what it says anyway. */
export function askedBeside(question: Question): Partial<Question> {
  const asked: Record<string, unknown> = {};
  for (const key in question)
    if (!keptElsewhere.has(key)) asked[key] = question[key as keyof Question];
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
