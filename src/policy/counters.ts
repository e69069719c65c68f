import type { FailureKind } from './failure-kinds.ts';
import type { Pressure } from './pressure.ts';

/**
 * What was counted so far. Live, asking counts along; for a hypothetical request it only looks. Time is an argument, in
 * milliseconds since 1970.
 */
export interface Counters {
  /** Takes one from the bucket of that key; false when there is none. */
  take(key: string, perSecond: number, burst: number, at: number): boolean;
  /** How many within the last seconds, this one included. */
  within(key: string, seconds: number, at: number): number;
  /** The same for every packet, under a kind of packets and a source: no key is put together. */
  packets(kind: string, source: string, seconds: number, at: number): number;
  /** Failures under that key within the last seconds, of that kind or of any. */
  failures(key: string, seconds: number, at: number, kind?: FailureKind): number;
  /** Live calls under that key; `most`, where there is one, is the limit that they are held against. */
  live(key: string, most?: number): number;
  /** Calls begun under that key within the last seconds, this one included. */
  calls(key: string, seconds: number, at: number): number;
  /** There are other nodes with calls of their own, and they cannot be asked for now. */
  alone?(): boolean;
  /** Different members under that key within the last seconds. */
  distinct(key: string, seconds: number, at: number): number;
  /** How hard the gate and the PBX are pressed just now. */
  pressure(): Pressure;
}
