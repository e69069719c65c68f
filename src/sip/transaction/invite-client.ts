import { type Moves, type Transition, to, transitionTable } from './transition-table.ts';

/**
 * INVITE client transaction: RFC 3261 §17.1.1 with RFC 6026 §7.2.
 *
 * - A 2xx leads to `accepted` for timer M, on any wire: every further 2xx, repeated or from another branch, is
 *   passed up. The ACK to a 2xx is no business of this transaction.
 * - A 3xx to 6xx is acknowledged here, again each time it is repeated until timer D, and passed up once.
 *   Over a stream it cannot be repeated: timer D is zero and the transaction ends at once.
 * - While it rings no timer of §17 runs; the proxy's timer C does (§16.6). `give-up` says that it ran out and
 *   that 64*T1 after the CANCEL still no final answer came (§9.1, §16.8).
 * - `transport-failed` while it rings is for a connection that is gone for good and was the only way back.
 *   Once the outcome was passed up a failure to send an ACK is not reported: the core hears one outcome.
 * - `destroy` stops every timer; it is the last effect of the last transition and of no other.
 */
export const inviteClientStates = [
  'calling',
  'proceeding',
  'completed',
  'accepted',
  'terminated',
] as const;
export type InviteClientState = (typeof inviteClientStates)[number];

export const inviteClientEvents = [
  /** 1xx */
  'provisional',
  /** 2xx */
  'success',
  /** 3xx to 6xx */
  'failure',
  'timer-a',
  'timer-b',
  'timer-d',
  'timer-m',
  'give-up',
  'transport-failed',
] as const;
export type InviteClientEvent = (typeof inviteClientEvents)[number];

export type InviteClientEffect =
  | 'send-request'
  | 'retransmit'
  | 'send-ack'
  | 'pass-up'
  | 'start-a'
  /** With twice the pause, `nextInviteRetransmit`. */
  | 'restart-a'
  | 'start-b'
  | 'start-d'
  | 'start-m'
  | 'stop-a'
  | 'stop-b'
  | 'report-timeout'
  | 'report-transport-failure'
  | 'destroy';

export type InviteClientTransition = Transition<InviteClientState, InviteClientEffect>;
type Table = Moves<InviteClientState, InviteClientEvent, InviteClientEffect>;

const startOverUdp: InviteClientTransition = to('calling', 'send-request', 'start-a', 'start-b');
const startOverStream: InviteClientTransition = to('calling', 'send-request', 'start-b');

const unreachable = to('terminated', 'report-transport-failure', 'destroy');
const timedOut = to('terminated', 'report-timeout', 'destroy');

const overUdp: Table = {
  calling: {
    provisional: to('proceeding', 'stop-a', 'stop-b', 'pass-up'),
    success: to('accepted', 'stop-a', 'stop-b', 'start-m', 'pass-up'),
    failure: to('completed', 'stop-a', 'stop-b', 'send-ack', 'start-d', 'pass-up'),
    'timer-a': to('calling', 'retransmit', 'restart-a'),
    'timer-b': timedOut,
    'give-up': timedOut,
    'transport-failed': unreachable,
  },
  proceeding: {
    provisional: to('proceeding', 'pass-up'),
    success: to('accepted', 'start-m', 'pass-up'),
    failure: to('completed', 'send-ack', 'start-d', 'pass-up'),
    'give-up': timedOut,
    'transport-failed': unreachable,
  },
  completed: {
    failure: to('completed', 'send-ack'),
    'timer-d': to('terminated', 'destroy'),
    'transport-failed': to('terminated', 'destroy'),
  },
  accepted: {
    success: to('accepted', 'pass-up'),
    'timer-m': to('terminated', 'destroy'),
  },
  terminated: {},
};

const overStream: Table = {
  ...overUdp,
  calling: {
    ...overUdp.calling,
    provisional: to('proceeding', 'stop-b', 'pass-up'),
    success: to('accepted', 'stop-b', 'start-m', 'pass-up'),
    failure: to('terminated', 'send-ack', 'pass-up', 'destroy'),
    'timer-a': to('calling'),
  },
  proceeding: {
    ...overUdp.proceeding,
    failure: to('terminated', 'send-ack', 'pass-up', 'destroy'),
  },
  completed: {},
};

const udp = transitionTable(inviteClientStates, inviteClientEvents, overUdp);
const stream = transitionTable(inviteClientStates, inviteClientEvents, overStream);

/** The first state and what to do to get there. */
export const startInviteClient = (reliable: boolean): InviteClientTransition =>
  reliable ? startOverStream : startOverUdp;

/** Never allocates, never throws. */
export const stepInviteClient = (
  state: InviteClientState,
  event: InviteClientEvent,
  reliable: boolean,
): InviteClientTransition => (reliable ? stream : udp)[state][event];
