import { type Moves, type Transition, to, transitionTable } from './transition-table.ts';

/**
 * Non-INVITE client transaction: RFC 3261 §17.1.2.
 *
 * - Timer E doubles up to T2; once a provisional answer came it fires every T2 (`restart-e-slow`). Timer F runs
 *   through both states: a provisional answer does not buy time.
 * - A final answer is passed up once; repetitions are absorbed until timer K, which is zero over a stream.
 * - RFC 4320 changes nothing here; that a time-out is not answered 408 is the server transaction's affair.
 * - `destroy` stops every timer; it is the last effect of the last transition and of no other.
 */
export const nonInviteClientStates = ['trying', 'proceeding', 'completed', 'terminated'] as const;
export type NonInviteClientState = (typeof nonInviteClientStates)[number];

export const nonInviteClientEvents = [
  /** 1xx */
  'provisional',
  /** 2xx to 6xx */
  'final',
  'timer-e',
  'timer-f',
  'timer-k',
  'transport-failed',
] as const;
export type NonInviteClientEvent = (typeof nonInviteClientEvents)[number];

export type NonInviteClientEffect =
  | 'send-request'
  | 'retransmit'
  | 'pass-up'
  | 'start-e'
  /** With twice the pause up to T2, `nextRetransmit`. */
  | 'restart-e'
  /** With T2. */
  | 'restart-e-slow'
  | 'start-f'
  | 'start-k'
  | 'stop-e'
  | 'stop-f'
  | 'report-timeout'
  | 'report-transport-failure'
  | 'destroy';

export type NonInviteClientTransition = Transition<NonInviteClientState, NonInviteClientEffect>;
type Table = Moves<NonInviteClientState, NonInviteClientEvent, NonInviteClientEffect>;

const startOverUdp: NonInviteClientTransition = to('trying', 'send-request', 'start-e', 'start-f');
const startOverStream: NonInviteClientTransition = to('trying', 'send-request', 'start-f');

const unreachable = to('terminated', 'report-transport-failure', 'destroy');
const timedOut = to('terminated', 'report-timeout', 'destroy');
const answered = to('completed', 'stop-e', 'stop-f', 'start-k', 'pass-up');

const overUdp: Table = {
  trying: {
    provisional: to('proceeding', 'pass-up'),
    final: answered,
    'timer-e': to('trying', 'retransmit', 'restart-e'),
    'timer-f': timedOut,
    'transport-failed': unreachable,
  },
  proceeding: {
    provisional: to('proceeding', 'pass-up'),
    final: answered,
    'timer-e': to('proceeding', 'retransmit', 'restart-e-slow'),
    'timer-f': timedOut,
    'transport-failed': unreachable,
  },
  completed: {
    'timer-k': to('terminated', 'destroy'),
  },
  terminated: {},
};

const overStream: Table = {
  trying: {
    ...overUdp.trying,
    final: to('terminated', 'pass-up', 'destroy'),
    'timer-e': to('trying'),
  },
  proceeding: {
    ...overUdp.proceeding,
    final: to('terminated', 'pass-up', 'destroy'),
    'timer-e': to('proceeding'),
  },
  completed: {},
  terminated: {},
};

const udp = transitionTable(nonInviteClientStates, nonInviteClientEvents, overUdp);
const stream = transitionTable(nonInviteClientStates, nonInviteClientEvents, overStream);

/** The first state and what to do to get there. */
export const startNonInviteClient = (reliable: boolean): NonInviteClientTransition =>
  reliable ? startOverStream : startOverUdp;

/** Never allocates, never throws. */
export const stepNonInviteClient = (
  state: NonInviteClientState,
  event: NonInviteClientEvent,
  reliable: boolean,
): NonInviteClientTransition => (reliable ? stream : udp)[state][event];
