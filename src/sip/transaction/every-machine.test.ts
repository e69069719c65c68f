import { describe, expect, test } from 'vitest';
import * as inviteClient from './invite-client.ts';
import * as inviteServer from './invite-server.ts';
import * as nonInviteClient from './non-invite-client.ts';
import * as nonInviteServer from './non-invite-server.ts';
import type { Transition } from './transition-table.ts';

interface Machine {
  readonly name: string;
  readonly states: readonly string[];
  readonly events: readonly string[];
  readonly start: Transition<string, string>;
  readonly step: (state: string, event: string) => Transition<string, string>;
  /** States that only the core can end: it is the one that waits. */
  readonly waiting: readonly string[];
  /** What a core feeds when its own time is up. */
  readonly coreTimer: string | undefined;
}

const machines: Machine[] = [false, true].flatMap((reliable) => {
  const wire = reliable ? 'over a stream' : 'over UDP';
  return [
    {
      name: `INVITE client ${wire}`,
      states: inviteClient.inviteClientStates,
      events: inviteClient.inviteClientEvents,
      start: inviteClient.startInviteClient(reliable),
      step: (state: string, event: string) =>
        inviteClient.stepInviteClient(
          state as inviteClient.InviteClientState,
          event as inviteClient.InviteClientEvent,
          reliable,
        ),
      waiting: ['proceeding'],
      coreTimer: 'give-up',
    },
    {
      name: `INVITE server ${wire}`,
      states: inviteServer.inviteServerStates,
      events: inviteServer.inviteServerEvents,
      start: inviteServer.startInviteServer(reliable),
      step: (state: string, event: string) =>
        inviteServer.stepInviteServer(
          state as inviteServer.InviteServerState,
          event as inviteServer.InviteServerEvent,
          reliable,
        ),
      waiting: ['trying', 'proceeding'],
      coreTimer: 'drop',
    },
    {
      name: `non-INVITE client ${wire}`,
      states: nonInviteClient.nonInviteClientStates,
      events: nonInviteClient.nonInviteClientEvents,
      start: nonInviteClient.startNonInviteClient(reliable),
      step: (state: string, event: string) =>
        nonInviteClient.stepNonInviteClient(
          state as nonInviteClient.NonInviteClientState,
          event as nonInviteClient.NonInviteClientEvent,
          reliable,
        ),
      waiting: [],
      coreTimer: undefined,
    },
    {
      name: `non-INVITE server ${wire}`,
      states: nonInviteServer.nonInviteServerStates,
      events: nonInviteServer.nonInviteServerEvents,
      start: nonInviteServer.startNonInviteServer(reliable),
      step: (state: string, event: string) =>
        nonInviteServer.stepNonInviteServer(
          state as nonInviteServer.NonInviteServerState,
          event as nonInviteServer.NonInviteServerEvent,
          reliable,
        ),
      waiting: ['trying', 'proceeding'],
      coreTimer: 'drop',
    },
  ];
});

const isTimer = (event: string) => event.startsWith('timer-');

/** A transaction with the timers an engine would have running for it. */
interface Situation {
  readonly state: string;
  readonly armed: ReadonlySet<string>;
}

/** What an engine does with the effects, as far as timers go. */
function perform({ to, effects }: Transition<string, string>, armed: Iterable<string>): Situation {
  const next = new Set(armed);
  for (const effect of effects) {
    const [, verb, timer] = /^(start|restart|stop)-([a-z]+)/.exec(effect) ?? [];
    if (verb === 'stop') next.delete(`timer-${timer}`);
    else if (verb !== undefined) next.add(`timer-${timer}`);
    if (effect === 'destroy') next.clear();
  }
  return { state: to, armed: next };
}

const fire = ({ step }: Machine, { state, armed }: Situation, event: string): Situation =>
  perform(
    step(state, event),
    [...armed].filter((timer) => timer !== event),
  );

const key = ({ state, armed }: Situation) => `${state} ${[...armed].sort().join(' ')}`;

/** Every situation the machine can get into, whatever happens in whatever order. */
function reachable(machine: Machine): Situation[] {
  const seen = new Map<string, Situation>();
  const ahead = [perform(machine.start, [])];
  for (let now = ahead.pop(); now; now = ahead.pop()) {
    if (seen.has(key(now))) continue;
    seen.set(key(now), now);
    for (const event of machine.events)
      if (!isTimer(event) || now.armed.has(event)) ahead.push(fire(machine, now, event));
  }
  return [...seen.values()];
}

describe.each(machines)('$name', (machine) => {
  const { states, events, step, waiting, coreTimer } = machine;
  const cells = states.flatMap((state) =>
    events.map((event) => ({ state, event, transition: step(state, event) })),
  );

  test('every event in every state has an answer that cannot be changed', () => {
    for (const { transition } of cells) {
      expect(states).toContain(transition.to);
      expect(Object.isFrozen(transition) && Object.isFrozen(transition.effects)).toBe(true);
    }
  });

  test('the same cell is the same object: a step allocates nothing', () => {
    for (const { state, event, transition } of cells) expect(step(state, event)).toBe(transition);
  });

  test('terminated is for good', () => {
    for (const event of events)
      expect(step('terminated', event)).toEqual({ to: 'terminated', effects: [] });
  });

  test('destroy comes last, on the way into terminated and nowhere else', () => {
    for (const { state, transition } of cells) {
      const ends = state !== 'terminated' && transition.to === 'terminated';
      expect(transition.effects.filter((effect) => effect === 'destroy').length).toBe(ends ? 1 : 0);
      if (ends) expect(transition.effects.at(-1)).toBe('destroy');
    }
  });

  test('no timer is started twice or stopped when it does not run', () => {
    for (const now of reachable(machine))
      for (const event of events) {
        if (isTimer(event) && !now.armed.has(event)) continue;
        const armed = new Set([...now.armed].filter((timer) => timer !== event));
        for (const effect of step(now.state, event).effects) {
          const [, verb, timer] = /^(start|restart|stop)-([a-z]+)/.exec(effect) ?? [];
          if (verb === 'stop') expect(armed).toContain(`timer-${timer}`);
          else if (verb !== undefined) expect(armed).not.toContain(`timer-${timer}`);
        }
      }
  });

  test('a timer that should not be running changes nothing when it fires all the same', () => {
    for (const { state, armed } of reachable(machine))
      for (const event of events.filter(isTimer))
        if (!armed.has(event)) expect(step(state, event)).toEqual({ to: state, effects: [] });
  });

  test('every running timer means something where it can fire', () => {
    for (const { state, armed } of reachable(machine))
      for (const timer of armed)
        expect({ state, timer, ...step(state, timer) }).not.toEqual({
          state,
          timer,
          to: state,
          effects: [],
        });
  });

  test('left alone it ends, by its timers or, where it waits for the core, by the core’s', () => {
    for (const situation of reachable(machine)) {
      let now = situation;
      for (let steps = 0; now.state !== 'terminated'; steps++) {
        expect(steps, `${key(situation)} goes round in circles`).toBeLessThan(10);
        // Retransmission timers only ever come before the one that ends it.
        const ending = [...now.armed].filter((timer) => !/-[aeg]$/.test(timer));
        const event = ending[0] ?? (waiting.includes(now.state) ? coreTimer : undefined);
        expect(event, `${key(now)} waits for nothing`).toBeDefined();
        now = fire(machine, now, event ?? '');
      }
    }
  });

  test('every state can be reached, but for those a stream has no use for', () => {
    const found = new Set(reachable(machine).map(({ state }) => state));
    const missing = states.filter((state) => !found.has(state));
    const unused: Record<string, string[]> = {
      'INVITE client over a stream': ['completed'],
      'INVITE server over a stream': ['confirmed'],
      'non-INVITE client over a stream': ['completed'],
      'non-INVITE server over a stream': ['completed', 'silent'],
    };
    expect(missing).toEqual(unused[machine.name] ?? []);
  });
});

describe.each(machines.filter(({ name }) => name.includes('client')))('$name', (machine) => {
  test('its core hears one outcome: a final answer, a time-out or a transport failure', () => {
    const outcomes = ({ effects }: Transition<string, string>, event: string) =>
      effects.filter((effect) => effect.startsWith('report-')).length +
      (event !== 'provisional' && effects.includes('pass-up') ? 1 : 0);

    // Depth first over every situation together with the number of outcomes so far.
    const seen = new Set<string>();
    const ahead: [Situation, number][] = [[perform(machine.start, []), 0]];
    for (let entry = ahead.pop(); entry; entry = ahead.pop()) {
      const [now, heard] = entry;
      const id = `${key(now)} ${heard}`;
      if (seen.has(id)) continue;
      seen.add(id);
      expect(heard).toBe(['calling', 'trying', 'proceeding'].includes(now.state) ? 0 : 1);
      for (const event of machine.events) {
        if (isTimer(event) && !now.armed.has(event)) continue;
        const again = now.state === 'accepted' && event === 'success'; // RFC 6026 §7.2
        const more = again ? 0 : outcomes(machine.step(now.state, event), event);
        ahead.push([fire(machine, now, event), heard + more]);
      }
    }
  });
});
