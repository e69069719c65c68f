import type { GateEvent } from '../data/event.ts';
import type { ClusterStatus } from './shared/shared-state.ts';

/** Without the others a node serves on: that is no reason to send calls elsewhere. */
export const clusterNotes = (status: ClusterStatus | undefined): readonly string[] =>
  status === undefined || status.connected
    ? []
    : [`note: Redis is lost (${status.why}), this node serves on from memory`];

export const clusterEvent = ({ connected }: ClusterStatus, text: string): GateEvent => ({
  at: Date.now(),
  level: connected ? (text.endsWith('is lost') ? 'warn' : 'info') : 'alert',
  kind: 'cluster',
  count: 1,
  text,
});

/** A bug of ours, on record. */
export const fault = (text: string): GateEvent => ({
  at: Date.now(),
  level: 'alert',
  kind: 'fault',
  count: 1,
  text,
});
