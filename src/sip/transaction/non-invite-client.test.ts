import { expect, test } from 'vitest';
import {
  type NonInviteClientEvent,
  startNonInviteClient,
  stepNonInviteClient,
} from './non-invite-client.ts';

function play(reliable: boolean, ...events: NonInviteClientEvent[]) {
  let { to: state } = startNonInviteClient(reliable);
  const effects: string[] = [];
  for (const event of events) {
    const transition = stepNonInviteClient(state, event, reliable);
    state = transition.to;
    effects.push(...transition.effects);
  }
  return { state, effects };
}
const overUdp = (...events: NonInviteClientEvent[]) => play(false, ...events);
const overTcp = (...events: NonInviteClientEvent[]) => play(true, ...events);

test('over UDP the request is repeated, ever more slowly', () => {
  expect(startNonInviteClient(false).effects).toEqual(['send-request', 'start-e', 'start-f']);
  expect(overUdp('timer-e', 'timer-e').effects).toEqual([
    'retransmit',
    'restart-e',
    'retransmit',
    'restart-e',
  ]);
});

test('a provisional answer slows repetitions to one every T2 but does not stop them', () => {
  expect(overUdp('provisional', 'timer-e')).toEqual({
    state: 'proceeding',
    effects: ['pass-up', 'retransmit', 'restart-e-slow'],
  });
});

test('over a stream it is sent once', () => {
  expect(startNonInviteClient(true).effects).toEqual(['send-request', 'start-f']);
  expect(overTcp('timer-e', 'provisional', 'timer-e').effects).toEqual(['pass-up']);
});

test.each([
  ['no answer', []],
  ['a provisional answer only', ['provisional']],
] as [string, NonInviteClientEvent[]][])('%s within timer F is a time-out', (_what, before) => {
  for (const play of [overUdp, overTcp])
    expect(play(...before, 'timer-f').effects.slice(-2)).toEqual(['report-timeout', 'destroy']);
});

test('a final answer is passed up once and its repetitions absorbed until timer K', () => {
  expect(overUdp('final', 'final', 'provisional', 'final')).toEqual({
    state: 'completed',
    effects: ['stop-e', 'stop-f', 'start-k', 'pass-up'],
  });
  expect(overUdp('final', 'timer-k').state).toBe('terminated');
});

test('a final answer over a stream ends the transaction at once', () => {
  expect(overTcp('provisional', 'final')).toEqual({
    state: 'terminated',
    effects: ['pass-up', 'pass-up', 'destroy'],
  });
});

test.each([
  ['before', []],
  ['after', ['provisional']],
] as [string, NonInviteClientEvent[]][])(
  'a transport failure %s a provisional answer is reported',
  (_when, before) => {
    expect(overUdp(...before, 'transport-failed').effects.slice(-2)).toEqual([
      'report-transport-failure',
      'destroy',
    ]);
  },
);

test('a transport failure after the final answer is nobody’s concern', () => {
  expect(overUdp('final', 'transport-failed')).toEqual(overUdp('final'));
});
