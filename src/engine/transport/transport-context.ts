import type { LimitSettings } from '../../config/settings.ts';
import type { FlowTokens } from '../../edge/flow-token.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import type { Connections } from './connections.ts';
import type { DatagramBatches } from './datagram-batches.ts';
import type { Channel, FramingProblem, TransportEvents } from './transports.ts';
import type { TurnPace } from './turn-pace.ts';
import type { Turns } from './turns.ts';

/** The part of a logger the transports use; pino has it. */
export interface TransportLog {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

/** What every socket of this process shares. */
export interface TransportContext {
  readonly events: TransportEvents;
  readonly log: TransportLog;
  readonly tokens: FlowTokens;
  readonly settings: LimitSettings;
  readonly limits: ConnectionLimits;
  readonly connections: Connections;
  readonly pace: TurnPace;
  readonly turns: Turns;
  /** See `Transports.takenAt`. */
  takenAt: number;
  /** From `open` on; undefined where datagrams are read and sent one by one. */
  batches: DatagramBatches | undefined;
  /** Tells whoever sent a message that it did not go out; a fault of theirs is logged and ends nothing. */
  readonly report: (failed: (problem: Error) => void, problem: Error) => void;
}

/** See `TransportContext.report`. */
export const reporter =
  (log: TransportLog): TransportContext['report'] =>
  (failed, problem) => {
    try {
      failed(problem);
    } catch (err) {
      log.error({ err }, 'a fault in the gate itself, after a message could not be sent');
    }
  };

/** The events with a net under them: a fault in a handler is logged as ours and never ends a socket or the process. */
export function guarded(events: TransportEvents, log: TransportLog): TransportEvents {
  const fault = (problem: unknown, event: string) =>
    log.error({ err: problem, event }, 'a transport event handler threw');
  return {
    admits(listener, address, port, received) {
      try {
        return events.admits(listener, address, port, received);
      } catch (problem) {
        fault(problem, 'admits');
        return false;
      }
    },
    isShutOut(listener, address, port) {
      try {
        return events.isShutOut(listener, address, port);
      } catch (problem) {
        fault(problem, 'isShutOut');
        return false;
      }
    },
    realmOf(source) {
      try {
        return events.realmOf(source);
      } catch (problem) {
        fault(problem, 'realmOf');
        return 'access';
      }
    },
    message(wire: string, channel: Channel) {
      try {
        events.message(wire, channel);
      } catch (problem) {
        fault(problem, 'message');
      }
    },
    unframeable(head: string, what: FramingProblem, channel: Channel) {
      try {
        events.unframeable(head, what, channel);
      } catch (problem) {
        fault(problem, 'unframeable');
      }
    },
    tooLarge(channel: Channel) {
      try {
        events.tooLarge(channel);
      } catch (problem) {
        fault(problem, 'tooLarge');
      }
    },
    closed(channel: Channel) {
      try {
        events.closed(channel);
      } catch (problem) {
        fault(problem, 'closed');
      }
    },
  };
}
