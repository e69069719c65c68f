import { type Moves, type Transition, to, transitionTable } from './transition-table.ts';

/**
 * Non-INVITE server transaction: RFC 3261 §17.2.2 with RFC 4320.
 *
 * - Provisional answers from above are never sent (RFC 4320 §4.1). The one that may go out is our own 100, and
 *   only when the client has slowed down to one request every T2 (`timer-late`); over a stream it goes out
 *   then too, since the client would otherwise hear nothing.
 * - A 408 is never sent (RFC 4320 §4.2): the client's own timer F has run out or is about to, and the answer
 *   would be a stray. `respond-timeout` leads to `silent`, which absorbs repeated requests until timer J.
 * - A final answer is repeated for each repeated request until timer J, which is zero over a stream. Later
 *   answers from above are discarded.
 * - An answer that cannot be sent is reported and changes nothing (RFC 6026 §8.8).
 * - `drop` is the core's: it will never answer. A core must limit its own time before a final answer.
 * - `destroy` stops every timer; it is the last effect of the last transition and of no other.
 */
export const nonInviteServerStates = [
  'trying',
  'proceeding',
  'completed',
  'silent',
  'terminated',
] as const;
export type NonInviteServerState = (typeof nonInviteServerStates)[number];

export const nonInviteServerEvents = [
  'request-again',
  /** 1xx, whoever made it */
  'respond-provisional',
  /** 2xx to 6xx except 408 */
  'respond-final',
  /** 408 */
  'respond-timeout',
  'drop',
  'timer-late',
  'timer-j',
  'transport-failed',
] as const;
export type NonInviteServerEvent = (typeof nonInviteServerEvents)[number];

export type NonInviteServerEffect =
  | 'send-trying'
  /** The one the event brought, which becomes the last response. */
  | 'send-response'
  /** The last response once more. */
  | 'retransmit'
  | 'start-late'
  | 'start-j'
  | 'stop-late'
  | 'report-transport-failure'
  | 'destroy';

export type NonInviteServerTransition = Transition<NonInviteServerState, NonInviteServerEffect>;
type Table = Moves<NonInviteServerState, NonInviteServerEvent, NonInviteServerEffect>;

const begin: NonInviteServerTransition = to('trying', 'start-late');

const overUdp: Table = {
  trying: {
    'respond-final': to('completed', 'stop-late', 'send-response', 'start-j'),
    'respond-timeout': to('silent', 'stop-late', 'start-j'),
    drop: to('terminated', 'destroy'),
    'timer-late': to('proceeding', 'send-trying'),
    'transport-failed': to('trying', 'report-transport-failure'),
  },
  proceeding: {
    'request-again': to('proceeding', 'send-trying'),
    'respond-final': to('completed', 'send-response', 'start-j'),
    'respond-timeout': to('silent', 'start-j'),
    drop: to('terminated', 'destroy'),
    'transport-failed': to('proceeding', 'report-transport-failure'),
  },
  completed: {
    'request-again': to('completed', 'retransmit'),
    'timer-j': to('terminated', 'destroy'),
    'transport-failed': to('completed', 'report-transport-failure'),
  },
  silent: {
    'timer-j': to('terminated', 'destroy'),
  },
  terminated: {},
};

const overStream: Table = {
  trying: {
    ...overUdp.trying,
    'respond-final': to('terminated', 'send-response', 'destroy'),
    'respond-timeout': to('terminated', 'destroy'),
  },
  proceeding: {
    ...overUdp.proceeding,
    'respond-final': to('terminated', 'send-response', 'destroy'),
    'respond-timeout': to('terminated', 'destroy'),
  },
  completed: {},
  silent: {},
  terminated: {},
};

const udp = transitionTable(nonInviteServerStates, nonInviteServerEvents, overUdp);
const stream = transitionTable(nonInviteServerStates, nonInviteServerEvents, overStream);

/** The first state and what to do to get there. */
export const startNonInviteServer = (_reliable: boolean): NonInviteServerTransition => begin;

/** Never allocates, never throws. */
export const stepNonInviteServer = (
  state: NonInviteServerState,
  event: NonInviteServerEvent,
  reliable: boolean,
): NonInviteServerTransition => (reliable ? stream : udp)[state][event];
