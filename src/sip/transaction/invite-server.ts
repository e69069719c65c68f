import { type Moves, type Transition, to, transitionTable } from './transition-table.ts';

/**
 * INVITE server transaction: RFC 3261 §17.2.1 with RFC 6026 §7.1.
 *
 * - `trying` is our name for `proceeding` before anything was answered. 100 goes out when the caller asks
 *   again, or after `timer-trying` (200 ms), whichever is first; a core that wants it at once feeds
 *   `respond-provisional`.
 * - A 2xx leads to `accepted` for timer L, on any wire: repeated INVITEs are absorbed without an answer, since
 *   the callee itself repeats its 2xx, and each 2xx the core passes is sent. An ACK that carries the INVITE's
 *   branch is passed up; it belongs to the 2xx.
 * - A 3xx to 6xx is repeated by timer G (not over a stream) until ACK or timer H. Timer I is zero over a stream.
 * - An answer that cannot be sent is reported and changes nothing (RFC 6026 §8.8): were the transaction
 *   forgotten, the repeated INVITE would be taken for a new one.
 * - `drop` is the core's: it will never answer. It is the only way out before a final answer, so a core must
 *   limit its own time; a proxy's timer C does.
 * - `destroy` stops every timer; it is the last effect of the last transition and of no other.
 */
export const inviteServerStates = [
  'trying',
  'proceeding',
  'completed',
  'confirmed',
  'accepted',
  'terminated',
] as const;
export type InviteServerState = (typeof inviteServerStates)[number];

export const inviteServerEvents = [
  'request-again',
  'ack',
  /** 1xx */
  'respond-provisional',
  /** 2xx */
  'respond-success',
  /** 3xx to 6xx */
  'respond-failure',
  'drop',
  'timer-trying',
  'timer-g',
  'timer-h',
  'timer-i',
  'timer-l',
  'transport-failed',
] as const;
export type InviteServerEvent = (typeof inviteServerEvents)[number];

export type InviteServerEffect =
  | 'send-trying'
  /** The one the event brought, which becomes the last response. */
  | 'send-response'
  /** The last response once more. */
  | 'retransmit'
  | 'pass-up'
  | 'start-trying'
  | 'start-g'
  /** With twice the pause, `nextRetransmit`. */
  | 'restart-g'
  | 'start-h'
  | 'start-i'
  | 'start-l'
  | 'stop-trying'
  | 'stop-g'
  | 'stop-h'
  /** No ACK came. */
  | 'report-timeout'
  | 'report-transport-failure'
  | 'destroy';

export type InviteServerTransition = Transition<InviteServerState, InviteServerEffect>;
type Table = Moves<InviteServerState, InviteServerEvent, InviteServerEffect>;

const begin: InviteServerTransition = to('trying', 'start-trying');

const overUdp: Table = {
  trying: {
    'request-again': to('proceeding', 'stop-trying', 'send-trying'),
    'respond-provisional': to('proceeding', 'stop-trying', 'send-response'),
    'respond-success': to('accepted', 'stop-trying', 'send-response', 'start-l'),
    'respond-failure': to('completed', 'stop-trying', 'send-response', 'start-g', 'start-h'),
    drop: to('terminated', 'destroy'),
    'timer-trying': to('proceeding', 'send-trying'),
    'transport-failed': to('trying', 'report-transport-failure'),
  },
  proceeding: {
    'request-again': to('proceeding', 'retransmit'),
    'respond-provisional': to('proceeding', 'send-response'),
    'respond-success': to('accepted', 'send-response', 'start-l'),
    'respond-failure': to('completed', 'send-response', 'start-g', 'start-h'),
    drop: to('terminated', 'destroy'),
    'transport-failed': to('proceeding', 'report-transport-failure'),
  },
  completed: {
    'request-again': to('completed', 'retransmit'),
    ack: to('confirmed', 'stop-g', 'stop-h', 'start-i'),
    'timer-g': to('completed', 'retransmit', 'restart-g'),
    'timer-h': to('terminated', 'report-timeout', 'destroy'),
    'transport-failed': to('completed', 'report-transport-failure'),
  },
  confirmed: {
    'timer-i': to('terminated', 'destroy'),
  },
  accepted: {
    ack: to('accepted', 'pass-up'),
    'respond-success': to('accepted', 'send-response'),
    'timer-l': to('terminated', 'destroy'),
    'transport-failed': to('accepted', 'report-transport-failure'),
  },
  terminated: {},
};

const overStream: Table = {
  ...overUdp,
  trying: {
    ...overUdp.trying,
    'respond-failure': to('completed', 'stop-trying', 'send-response', 'start-h'),
  },
  proceeding: {
    ...overUdp.proceeding,
    'respond-failure': to('completed', 'send-response', 'start-h'),
  },
  completed: {
    ...overUdp.completed,
    ack: to('terminated', 'destroy'),
    'timer-g': to('completed'),
  },
  confirmed: {},
};

const udp = transitionTable(inviteServerStates, inviteServerEvents, overUdp);
const stream = transitionTable(inviteServerStates, inviteServerEvents, overStream);

/** The first state and what to do to get there. */
export const startInviteServer = (_reliable: boolean): InviteServerTransition => begin;

/** Never allocates, never throws. */
export const stepInviteServer = (
  state: InviteServerState,
  event: InviteServerEvent,
  reliable: boolean,
): InviteServerTransition => (reliable ? stream : udp)[state][event];
