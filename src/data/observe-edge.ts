import type { Settings } from '../config/settings.ts';
import type { EdgeObserver } from '../edge/edge.ts';
import type { Decided } from '../edge/gatekeeper.ts';
import type { OutsideCall } from '../edge/outside-calls.ts';
import type { Flow } from '../edge/signaling.ts';
import type { FailureKind } from '../policy/failure-kinds.ts';
import type { BlockCounts } from './block-counts.ts';
import type { CallCounts } from './call-counts.ts';
import type { DecisionCounts } from './decision-counts.ts';
import type { EnforcementFeed } from './enforcement-feed.ts';
import type { GateEvent } from './event.ts';
import { eventOfRegistration, eventOfRequest } from './event-of-request.ts';
import type { ExtensionCounts } from './extension-counts.ts';
import type { GateOptions } from './gate.ts';

/** What counts what happens, and who else is told. */
interface Observing {
  readonly decisions: DecisionCounts;
  readonly made: BlockCounts;
  readonly feed: EnforcementFeed;
  readonly calls: CallCounts;
  readonly extensions: ExtensionCounts;
  readonly failures: Partial<Record<FailureKind, number>>;
}

/** What becomes of what happens at the edge: log, events, counts, disk, other nodes, the kernel. */
export function observeEdge(
  { log, event, events, blocksStore, guardsStore, sharing }: GateOptions,
  { decisions, made, feed, calls, extensions, failures }: Observing,
  settings: () => Pick<Settings, 'events'>,
): EdgeObserver {
  return {
    up: ({ settings: { name, uri }, latencyMs }) =>
      event({ kind: 'pbx-up', node: name, uri, latencyMs: latencyMs ?? 0 }),
    down: ({ settings: { name, uri } }, why) => event({ kind: 'pbx-down', node: name, uri, why }),
    packetDecided: (decision) => decisions.packetDecided(decision),
    blockChanged(change) {
      blocksStore.changed(change);
      sharing?.blockChanged(change);
      made.changed(change);
      events.blockChanged(change);
      feed.blockChanged(change);
    },
    attackBegan(attack) {
      const { kind, whom, members, tries } = attack;
      log('warn', 'an attack', { kind, ...(whom !== '' && { whom }), members, tries });
      events.attack(attack, 'began');
    },
    attackEnded: (attack) => events.attack(attack, 'ended'),
    guardChanged(change) {
      guardsStore.changed(change);
      sharing?.guardChanged(change);
      events.guardChanged(change);
      const { kind, elsewhere, guard } = change;
      if (kind !== 'held' && elsewhere !== true)
        log('info', `the guard of an extension is ${kind}`, {
          extension: guard.extension,
          by: guard.by,
          evidence: guard.evidence,
        });
    },
    listedCame: (listed) => events.listedCame(listed),
    fault: (err) => log('error', 'a fault in the gate itself', { err }),
    clockSet(byMs) {
      const seconds = Math.round(Math.abs(byMs) / 1000);
      const text = `the clock was set ${byMs > 0 ? 'forward' : 'back'}`;
      log('warn', text, { seconds });
      feed.tellAll();
      events.add({ at: Date.now(), level: 'warn', kind: 'clock', count: 1, seconds, text });
    },
    familiarChanged: (source) => feed.familiarChanged(source),
    emergencyPassed: (address, port) => feed.emergencyPassed(address, port),
    pathDropped: (node) =>
      log('warn', 'the PBX dropped our Path: from now on it is told by Contact', { node }),
    decided(decided) {
      const { rule, fault } = decided.decision;
      if (fault !== undefined)
        log('error', 'a rule threw: a fault in the gate itself', { rule, fault });
      decisions.decided(decided);
      if (!extensions.none) extensions.count('refused', refusedExtension(decided));
      events.decided(decided);
    },
    admitted(facts) {
      calls.admitted(facts);
      extensions.count('calls', facts.extension);
      if (settings().events.admitted) events.add(eventOfRequest(facts, 'call', 'info'));
    },
    emergency(facts) {
      calls.emergency();
      const { source, extension } = facts;
      log('warn', 'an emergency call', {
        extension,
        number: facts.dialled.digits,
        source: source.address,
      });
      events.emergency(facts);
    },
    registered(binding, asked) {
      if (settings().events.admitted) events.add(eventOfRegistration(binding, asked));
    },
    failed({ extension, source }, reason) {
      failures[reason] = (failures[reason] ?? 0) + 1;
      extensions.count('failed', extension);
      log('info', 'a registration failed', { extension, source, reason });
      // our own refusals are told of as such
      if (reason === 'password-wrong' || reason === 'extension-unknown')
        events.failed(extension, source, reason);
    },
    trunkAnswered: (trunk, status) => calls.trunkAnswered(trunk, status),
    callStarted(call, outside) {
      calls.answered();
      log('debug', 'a call was answered', {
        callId: call.callId,
        caller: where(call.caller),
        ...aboutOutside(outside),
      });
    },
    callOverdue(call, { seconds, setting, mode }) {
      const { callId, extension, number } = call;
      const about = { callId, ...(extension !== undefined && { extension }), number, seconds };
      log('info', mode === 'on' ? 'a call was ended: too long' : 'a call is too long', about);
      events.add({
        at: Date.now(),
        level: 'warn',
        kind: mode === 'on' ? 'call-ended' : 'shadow',
        count: 1,
        reason: 'call-too-long',
        rule: 'call-duration',
        source: call.source,
        ...about,
        ...aboutOutside(call),
        text: `after ${seconds} s, by ${setting.join('.')}`,
      });
    },
    callFailed(callId, status) {
      if (!settings().events.admitted) return;
      const at = Date.now();
      const text = 'not answered';
      events.add({ at, level: 'info', kind: 'call-ended', count: 1, callId, status, text });
    },
    callEnded(call, why, outside) {
      calls.ended(why);
      const { callId } = call;
      const at = Date.now();
      const seconds = Math.round((at - call.startedAt) / 1000);
      log('debug', 'a call ended', { callId, why, seconds });
      if (settings().events.admitted)
        events.add({
          at,
          level: 'info',
          kind: 'call-ended',
          count: 1,
          callId,
          seconds,
          text: why,
          extension: outside?.extension,
          number: outside?.number,
          route: outside?.route,
          trunk: outside?.trunk,
          pin: outside?.pin,
        });
    },
  };
}

/** Whose registration or call was refused; what never came so far is nobody's. */
function refusedExtension({ stage, facts, decision: { verdict } }: Decided): string | undefined {
  if (verdict.kind === 'pass' || (stage !== 'registration' && stage !== 'outbound'))
    return undefined;
  return 'extension' in facts ? facts.extension : undefined;
}

/** By which way it left, and with whose PIN. */
const aboutOutside = (
  outside: OutsideCall | undefined,
): Pick<GateEvent, 'route' | 'trunk' | 'pin'> => ({
  ...(outside?.route !== undefined && { route: outside.route }),
  ...(outside?.trunk !== undefined && { trunk: outside.trunk }),
  ...(outside?.pin !== undefined && { pin: outside.pin }),
});

/** Where somebody is, for people. */
export const where = ({ transport, address, port }: Flow): string =>
  `${transport} ${address}:${port}`;
