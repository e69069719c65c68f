import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FoundBlock } from '../limits/block-entry.ts';
import type { GateStatus } from './gate-status.ts';
import type { Answer } from './messages.ts';

/** So many are looked at, or told, between two packets. */
export const PER_TURN = 500;

/** Rows that belong to an answer yet to come. */
export interface Part {
  readonly blocks?: readonly FoundBlock[];
  readonly registrations?: GateStatus['registrations']['rows'];
  readonly calls?: GateStatus['calls']['rows'];
  readonly counted?: GateStatus['counted'];
}

/** Tells so many of them at most, a few in each turn: what comes or goes meanwhile may or may not be among them. */
export async function tellInTurns<Row>(
  all: Iterable<Row>,
  most: number,
  tell: (some: readonly Row[]) => void,
): Promise<void> {
  let some: Row[] = [];
  for (const row of Iterator.from(all).take(most)) {
    some.push(row);
    if (some.length < PER_TURN) continue;
    tell(some);
    some = [];
    await nextTurn();
  }
  if (some.length > 0) tell(some);
}

/** With those that were told ahead of it. */
export function withParts(answer: Answer, parts: readonly Part[]): Answer {
  if (parts.length === 0) return answer;
  if (answer.about === 'blocks') {
    const rows = [...parts.flatMap(({ blocks = [] }) => blocks), ...answer.found.rows];
    return { about: 'blocks', found: { ...answer.found, rows } };
  }
  if (answer.about !== 'status') return answer;
  const { status } = answer;
  const rowsOf = {
    registrations: parts.flatMap(({ registrations = [] }) => registrations),
    calls: parts.flatMap(({ calls = [] }) => calls),
  };
  return {
    about: 'status',
    status: {
      ...status,
      registrations: { ...status.registrations, rows: rowsOf.registrations },
      calls: { ...status.calls, rows: rowsOf.calls },
      counted: parts.flatMap(({ counted = [] }) => counted),
    },
  };
}
