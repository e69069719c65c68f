import { aroundQuestions } from '../config/around-question.ts';
import {
  type EventFilter,
  type StoredEvent,
  searchEvents,
} from '../control/events/events-database.ts';
import type { GateEvent } from '../data/event.ts';
import { questionOfEvent } from '../data/question-of-event.ts';
import { type Answered, ask } from '../policy/asking/ask.ts';
import type { Surroundings } from '../policy/asking/imagined-facts.ts';
import type { Question } from '../policy/asking/question.ts';
import type { Counters } from '../policy/counters.ts';
import { Policy } from '../policy/policy.ts';
import { Replay } from '../replay/replay.ts';
import type { ExitCode, Given } from './command.ts';
import { goodSettings } from './good-settings.ts';
import { complain, print, styled, table } from './output.ts';
import { pastOfDatabase } from './past-of-database.ts';
import { type Locate, located, showAnswer } from './show-answer.ts';
import { showEvent } from './show-event.ts';
import { withEvents } from './with-events.ts';

const MOST = 100;
/** Nothing that rules count is older. */
const COUNTED_MS = 86_400_000;
/** A call without an end goes on; or the gate was killed, and nobody saw it. */
const UNENDED_MS = 3_600_000;

interface Today {
  readonly question: Question;
  readonly answered: Answered;
  readonly at: number;
}

/** What was decided then, by which rules, and what the files say today of the same. */
export async function explainEvents(given: Given): Promise<ExitCode> {
  const filter = filterFrom(given);
  if (filter === undefined) {
    complain(
      `--event: found "${given.flags.event}", expected a number, as drawbridge events shows it`,
    );
    return 2;
  }
  return withEvents(given, (file) => {
    const loaded = goodSettings(given);
    const found = searchEvents(file, filter, MOST);
    if (found.length === 0) {
      complain('No event is of that: it is too old, or of another gate (--data).');
      return 1;
    }
    const policy = new Policy(loaded.settings.policy);
    const around = aroundQuestions(loaded.settings);
    const today = askedToday(found, (question, at) => {
      const counters = countsBefore(file, at, policy, around);
      return ask(policy, question, around(at), counters);
    });
    tell(given, found, today, loaded.locate);
    return today.every(({ answered }) => answered.verdict.kind === 'pass') ? 0 : 1;
  });
}

function filterFrom({ flags: { call, event } }: Given): EventFilter | undefined {
  if (typeof call === 'string') return { callId: call };
  const id = Number(String(event).replace(/^#/, ''));
  return Number.isInteger(id) ? { id } : undefined;
}

/** Each thing that was asked, once: a call may have been refused, repeated and let through. */
function askedToday(
  found: readonly StoredEvent[],
  answer: (question: Question, at: number) => Answered,
): readonly Today[] {
  const asked = new Map<string, { readonly question: Question; readonly at: number }>();
  for (const { event } of found) {
    const question = questionOfEvent(event);
    if (question === undefined || event.kind === 'failed') continue;
    const key = JSON.stringify(question);
    if (!asked.has(key)) asked.set(key, { question, at: event.at });
  }
  return [...asked.values()].map(({ question, at }) => ({
    question,
    at,
    answered: answer(question, at),
  }));
}

/** What rules would have counted by then, had they held. */
function countsBefore(
  file: string,
  at: number,
  policy: Policy,
  around: (at: number) => Surroundings,
): Counters {
  const replay = new Replay(policy, around, UNENDED_MS);
  for (const past of pastOfDatabase(file, at - COUNTED_MS)) {
    if (past.what === 'untold') continue;
    if (past.at >= at) break;
    if (past.what === 'failure') replay.failed(past);
    else for (const _ of replay.judge(past));
  }
  return replay.lookingAt(at);
}

function tell(
  { flags }: Given,
  found: readonly StoredEvent[],
  today: readonly Today[],
  locate: Locate,
): void {
  if (flags.json === true) {
    const events = found.map(({ id, event }) => ({ id, ...event }));
    const answers = today.map((one) => ({ ...one, answered: located(one.answered, locate) }));
    print(JSON.stringify({ events, today: answers }, null, 2));
    return;
  }
  for (const stored of found) {
    print(showEvent(stored, true));
    const decided = settingIn(stored.event);
    if (decided !== undefined)
      print(table([['decided by', decided.join('.'), locate(decided)]], '    '));
  }
  for (const { question, answered, at } of today)
    print(
      `\n${styled('bold', 'By the files today')}\n${showAnswer(question, answered, at, locate)}`,
    );
}

const settingIn = ({ trail }: GateEvent): readonly (string | number)[] | undefined =>
  trail?.find(({ says }) => says === 'refuse')?.setting;
