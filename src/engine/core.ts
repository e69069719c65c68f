import type { Flow, Hiding, Realm, Target } from '../edge/signaling.ts';
import type { Message } from '../sip/message/message.ts';
import type { CallTable } from './call-table.ts';
import type {
  ClientTransaction,
  ClientTransactionUser,
  SentRequest,
} from './client-transaction.ts';
import type { OwnNames } from './own-names.ts';
import type { TimerWheel } from './timer-wheel.ts';
import type { Channel } from './transport/transports.ts';
import type { WithoutTransaction } from './without-transaction.ts';

/** What the parts of the engine share. */
export interface Core {
  readonly wheel: TimerWheel;
  readonly names: OwnNames;
  readonly calls: CallTable;
  /** Timer C (RFC 3261 §16.6): how long an INVITE may ring. */
  readonly ringMs: number;
  /** Registers a client transaction and sends its request. */
  transmit(
    user: ClientTransactionUser,
    channel: Channel,
    sent: SentRequest,
    makeAck?: (wire: string, response: Message) => string,
  ): ClientTransaction;
  /** The ways to a target, best first, as soon as they are known: at once for addresses and cached names. */
  waysTo(target: Target, found: (ways: readonly Channel[]) => void): void;
  /**
   * The channel of a large request, over TCP, when there is one and the peer is not known to refuse it. One that is not
   * up within that time fails, and with it the request.
   */
  streamInstead(channel: Channel, withinMs: number): Channel | undefined;
  refusedStream(channel: Channel): void;
  flowFrom(token: string): Flow | 'forged' | 'stale';
  /** See `Handlers.flowInsteadOf`; undefined too when that flow is gone as well. */
  flowInsteadOf(token: string): Flow | undefined;
  mayReach(host: string, port: number, from: Realm): boolean;
  /** See `Handlers.hides` and `Handlers.behind`. */
  hides(from: Realm): Hiding | undefined;
  behind(uri: string): string | undefined;
  /** See `Handlers.hidesFrom`. */
  hidesFrom(channel: Channel, request: Message): boolean;
  readonly without: Pick<WithoutTransaction, 'refuse'>;
  /** Does this Record-Route value name us? */
  readonly isOurRoute: (recordRoute: string) => boolean;
  /** When what comes over this channel just now was taken off its socket, by the clock of `now` in the engine. */
  heardAt(channel: Channel): number;
  /** A request that was heard then is about to go out for the first time. */
  sentOn(method: string, heardAt: number): void;
  /** A bug of ours, caught at the edge of the unit of work. */
  fault(problem: unknown): void;
}
