import { expect, test } from 'vitest';
import {
  type NonInviteServerEvent,
  startNonInviteServer,
  stepNonInviteServer,
} from './non-invite-server.ts';

function play(reliable: boolean, ...events: NonInviteServerEvent[]) {
  let { to: state } = startNonInviteServer(reliable);
  const effects: string[] = [];
  for (const event of events) {
    const transition = stepNonInviteServer(state, event, reliable);
    state = transition.to;
    effects.push(...transition.effects);
  }
  return { state, effects };
}
const overUdp = (...events: NonInviteServerEvent[]) => play(false, ...events);
const overTcp = (...events: NonInviteServerEvent[]) => play(true, ...events);

test('a repeated request before any answer is absorbed', () => {
  expect(overUdp('request-again')).toEqual({ state: 'trying', effects: [] });
});

test.each([overUdp, overTcp])('a client that waits long hears 100, not sooner', (play) => {
  expect(startNonInviteServer(false).effects).toEqual(['start-late']);
  expect(play('timer-late').effects).toEqual(['send-trying']);
  expect(play('timer-late', 'request-again').effects).toEqual(['send-trying', 'send-trying']);
});

test.each([overUdp, overTcp])('a provisional answer from above is never sent', (play) => {
  expect(play('respond-provisional')).toEqual({ state: 'trying', effects: [] });
  expect(play('timer-late', 'respond-provisional')).toEqual(play('timer-late'));
});

test('408 is never sent, and repeated requests stay unanswered', () => {
  expect(overUdp('respond-timeout', 'request-again', 'respond-final')).toEqual({
    state: 'silent',
    effects: ['stop-late', 'start-j'],
  });
  expect(overUdp('timer-late', 'respond-timeout', 'timer-j').state).toBe('terminated');
  expect(overTcp('respond-timeout')).toEqual({ state: 'terminated', effects: ['destroy'] });
});

test('a final answer is given to every repeated request until timer J', () => {
  expect(overUdp('respond-final', 'request-again', 'request-again').effects).toEqual([
    ...['stop-late', 'send-response', 'start-j'],
    ...['retransmit', 'retransmit'],
  ]);
  expect(overUdp('respond-final', 'timer-j').state).toBe('terminated');
});

test('a final answer over a stream ends the transaction at once', () => {
  expect(overTcp('timer-late', 'respond-final')).toEqual({
    state: 'terminated',
    effects: ['send-trying', 'send-response', 'destroy'],
  });
  expect(overTcp('respond-final')).toEqual({
    state: 'terminated',
    effects: ['send-response', 'destroy'],
  });
});

test('a second final answer is discarded', () => {
  expect(overUdp('respond-final', 'respond-final', 'respond-timeout')).toEqual(
    overUdp('respond-final'),
  );
});

test.each([overUdp, overTcp])('the core may drop it, and nothing is kept', (play) => {
  expect(play('drop')).toEqual({ state: 'terminated', effects: ['destroy'] });
  expect(play('timer-late', 'drop').state).toBe('terminated');
});

test.each([
  ['trying', []],
  ['proceeding', ['timer-late']],
  ['completed', ['respond-final']],
] as [string, NonInviteServerEvent[]][])(
  'an answer that cannot be sent while %s is reported and the transaction stays',
  (state, before) => {
    const failed = overUdp(...before, 'transport-failed');
    expect(failed.state).toBe(state);
    expect(failed.effects.at(-1)).toBe('report-transport-failure');
  },
);
