import { describe, expect, test } from 'vitest';
import { type InviteClientEvent, startInviteClient, stepInviteClient } from './invite-client.ts';

/** Plays events from the start; the last state and what was done on the way after the start. */
function play(reliable: boolean, ...events: InviteClientEvent[]) {
  let { to: state } = startInviteClient(reliable);
  const effects: string[] = [];
  for (const event of events) {
    const transition = stepInviteClient(state, event, reliable);
    state = transition.to;
    effects.push(...transition.effects);
  }
  return { state, effects };
}
const overUdp = (...events: InviteClientEvent[]) => play(false, ...events);
const overTcp = (...events: InviteClientEvent[]) => play(true, ...events);

test('over UDP the INVITE is repeated until something is heard', () => {
  expect(startInviteClient(false).effects).toEqual(['send-request', 'start-a', 'start-b']);
  expect(overUdp('timer-a', 'timer-a')).toEqual({
    state: 'calling',
    effects: ['retransmit', 'restart-a', 'retransmit', 'restart-a'],
  });
  expect(overUdp('provisional', 'timer-a').effects).toEqual(['stop-a', 'stop-b', 'pass-up']);
});

test('over a stream it is sent once', () => {
  expect(startInviteClient(true).effects).toEqual(['send-request', 'start-b']);
  expect(overTcp('timer-a').effects).toEqual([]);
});

test.each([overUdp, overTcp])('silence is reported as a time-out', (play) => {
  expect(play('timer-b')).toEqual({
    state: 'terminated',
    effects: ['report-timeout', 'destroy'],
  });
});

test.each([overUdp, overTcp])('ringing has no time limit of its own, only the core’s', (play) => {
  expect(play('provisional', 'timer-b').state).toBe('proceeding');
  expect(play('provisional', 'give-up').effects).toContain('report-timeout');
});

test('every provisional answer is passed up', () => {
  expect(overUdp('provisional', 'provisional').effects.slice(3)).toEqual(['pass-up']);
});

describe('a refusal', () => {
  test.each([
    ['before ringing', ['failure']],
    ['after ringing', ['provisional', 'failure']],
  ] as [string, InviteClientEvent[]][])('%s is acknowledged and passed up', (_when, events) => {
    expect(overUdp(...events).state).toBe('completed');
    expect(overUdp(...events).effects).toEqual(
      expect.arrayContaining(['send-ack', 'start-d', 'pass-up']),
    );
  });

  test('that is repeated is acknowledged again, and passed up once', () => {
    const { effects } = overUdp('failure', 'failure', 'failure');
    expect(effects.filter((effect) => effect === 'send-ack')).toHaveLength(3);
    expect(effects.filter((effect) => effect === 'pass-up')).toHaveLength(1);
  });

  test('ends the transaction at once over a stream', () => {
    expect(overTcp('failure')).toEqual({
      state: 'terminated',
      effects: ['send-ack', 'pass-up', 'destroy'],
    });
    expect(overTcp('provisional', 'failure')).toEqual({
      state: 'terminated',
      effects: ['stop-b', 'pass-up', 'send-ack', 'pass-up', 'destroy'],
    });
  });

  test('whose ACK cannot be sent is not reported as well', () => {
    expect(overUdp('failure', 'transport-failed').effects.slice(-1)).toEqual(['destroy']);
    expect(overUdp('failure', 'transport-failed').effects).not.toContain(
      'report-transport-failure',
    );
  });

  test('after a 2xx, or a 2xx after a refusal, is ignored', () => {
    expect(overUdp('success', 'failure').effects).toEqual(overUdp('success').effects);
    expect(overUdp('failure', 'success').effects).toEqual(overUdp('failure').effects);
  });
});

describe('a 2xx', () => {
  test.each([overUdp, overTcp])('and every further one is passed up, for timer M', (play) => {
    const answered = play('provisional', 'success', 'success', 'success');
    expect(answered.state).toBe('accepted');
    expect(answered.effects.filter((effect) => effect === 'pass-up')).toHaveLength(4);
    expect(answered.effects.filter((effect) => effect === 'start-m')).toHaveLength(1);
    expect(play('success', 'timer-m').state).toBe('terminated');
  });

  test('is never acknowledged here', () => {
    expect(overUdp('success', 'success').effects).not.toContain('send-ack');
  });
});

test.each([
  ['calling', []],
  ['proceeding', ['provisional']],
] as [string, InviteClientEvent[]][])('a transport failure while %s is reported', (_s, before) => {
  expect(overTcp(...before, 'transport-failed').effects.slice(-2)).toEqual([
    'report-transport-failure',
    'destroy',
  ]);
});
