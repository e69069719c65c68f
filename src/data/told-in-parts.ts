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
