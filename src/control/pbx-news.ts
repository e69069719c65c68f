import type { GateEvent } from '../data/event.ts';
import type { PbxEvent } from '../data/messages.ts';
import type { Logger } from './log.ts';

/** For the record. */
export const recorded = (event: PbxEvent): GateEvent => ({
  at: Date.now(),
  level: event.kind === 'pbx-up' ? 'info' : 'alert',
  kind: 'pbx',
  count: 1,
  text:
    event.kind === 'pbx-up'
      ? `PBX node ${event.node} answers`
      : `PBX node ${event.node} is lost: ${event.why}`,
});

/** For the log. */
export function announce(log: Logger, event: PbxEvent): void {
  switch (event.kind) {
    case 'pbx-up':
      log.info(
        { node: event.node, latencyMs: Math.round(event.latencyMs * 10) / 10 },
        `PBX at ${event.uri} answers`,
      );
      return;
    case 'pbx-down':
      log.error(
        { node: event.node, why: event.why },
        `PBX at ${event.uri} ${event.why === '503' ? 'answers 503: it is full or ending' : 'does not answer'}`,
      );
      return;
  }
}
