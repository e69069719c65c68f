import type { Realm } from '../edge/signaling.ts';
import type { EngineObserver } from '../engine/engine-observer.ts';
import type { Channel } from '../engine/transport/transports.ts';
import type { StatusClass } from './call-stats.ts';
import { DurationCounts } from './durations.ts';
import {
  type CountedMethod,
  countedMethods,
  type ForwardedMethod,
  type GateStats,
} from './gate-stats.ts';

const methods = new Set<string>(countedMethods);
const classes: readonly StatusClass[] = ['1xx', '2xx', '3xx', '4xx', '5xx', '6xx'];

/** Undefined for what is no status of SIP. */
export const classOf = (status: number): StatusClass | undefined =>
  classes[Math.floor(status / 100) - 1];

/** Counts what passes, in series that no stranger can add to. */
export class Counters implements EngineObserver {
  readonly requests: Record<Realm, Partial<Record<CountedMethod, number>>> = {
    access: {},
    core: {},
    trunk: {},
  };
  readonly answers: Record<Realm, Partial<Record<StatusClass, number>>> = {
    access: {},
    core: {},
    trunk: {},
  };
  readonly added: Record<ForwardedMethod, DurationCounts> = {
    REGISTER: new DurationCounts(),
    INVITE: new DurationCounts(),
    other: new DurationCounts(),
  };
  ignoredMessages = 0;

  received(method: string, channel: Channel): void {
    const counted = (methods.has(method) ? method : 'other') as CountedMethod;
    const row = this.requests[channel.realm];
    row[counted] = (row[counted] ?? 0) + 1;
  }

  answered(status: number, channel: Channel): void {
    const statusClass = classOf(status);
    if (statusClass === undefined) return;
    const row = this.answers[channel.realm];
    row[statusClass] = (row[statusClass] ?? 0) + 1;
  }

  ignored(): void {
    this.ignoredMessages++;
  }

  sentOn(method: string, afterMs: number): void {
    const counted = method === 'REGISTER' || method === 'INVITE' ? method : 'other';
    this.added[counted].add(afterMs / 1000);
  }

  get requestCount(): number {
    let sum = 0;
    for (const row of Object.values(this.requests))
      for (const count of Object.values(row)) sum += count;
    return sum;
  }

  get stats(): Pick<GateStats, 'requests' | 'answers' | 'added'> {
    return { requests: this.requests, answers: this.answers, added: this.added };
  }
}
