import type { Channel } from './transport/transports.ts';

/** Told of what passes, for counters. Called for every message, so it must be quick. */
export interface EngineObserver {
  received(method: string, channel: Channel): void;
  answered(status: number, channel: Channel): void;
  /** Bytes that are no SIP, answers to nothing we sent, ACKs to nothing we know. */
  ignored(channel: Channel): void;
  /** A request goes on to where it is for, so long after it was taken off its socket. */
  sentOn(method: string, afterMs: number): void;
}
