import { describe, expect, test } from 'vitest';
import { type InviteServerEvent, startInviteServer, stepInviteServer } from './invite-server.ts';

function play(reliable: boolean, ...events: InviteServerEvent[]) {
  let { to: state } = startInviteServer(reliable);
  const effects: string[] = [];
  for (const event of events) {
    const transition = stepInviteServer(state, event, reliable);
    state = transition.to;
    effects.push(...transition.effects);
  }
  return { state, effects };
}
const overUdp = (...events: InviteServerEvent[]) => play(false, ...events);
const overTcp = (...events: InviteServerEvent[]) => play(true, ...events);

describe('before an answer', () => {
  test('a caller that waits 200 ms or asks again hears 100', () => {
    expect(startInviteServer(false).effects).toEqual(['start-trying']);
    expect(overUdp('timer-trying').effects).toEqual(['send-trying']);
    expect(overUdp('request-again').effects).toEqual(['stop-trying', 'send-trying']);
  });

  test('a quick answer makes 100 superfluous', () => {
    expect(overUdp('respond-provisional', 'timer-trying').effects).toEqual([
      'stop-trying',
      'send-response',
    ]);
  });

  test('a repeated INVITE is answered with what was said last', () => {
    expect(overUdp('respond-provisional', 'request-again').effects.at(-1)).toBe('retransmit');
    expect(overUdp('timer-trying', 'request-again').effects.at(-1)).toBe('retransmit');
  });

  test.each([overUdp, overTcp])('the core may drop it, and nothing is kept', (play) => {
    expect(play('drop')).toEqual({ state: 'terminated', effects: ['destroy'] });
    expect(play('respond-provisional', 'drop').state).toBe('terminated');
  });
});

describe('a refusal', () => {
  test.each([overUdp, overTcp])('is sent, whether or not it rang before', (play) => {
    expect(play('respond-failure').effects).toContain('send-response');
    const answers = play('respond-provisional', 'respond-failure').effects;
    expect(answers.filter((effect) => effect === 'send-response')).toHaveLength(2);
  });

  test('is repeated over UDP until the ACK', () => {
    expect(overUdp('respond-failure', 'timer-g', 'timer-g').effects).toEqual([
      ...['stop-trying', 'send-response', 'start-g', 'start-h'],
      ...['retransmit', 'restart-g', 'retransmit', 'restart-g'],
    ]);
    expect(overUdp('respond-failure', 'ack').effects.slice(-3)).toEqual([
      'stop-g',
      'stop-h',
      'start-i',
    ]);
  });

  test('is sent once over a stream, where the ACK ends the transaction', () => {
    expect(overTcp('respond-failure').effects).not.toContain('start-g');
    expect(overTcp('respond-failure', 'timer-g').effects).not.toContain('retransmit');
    expect(overTcp('respond-failure', 'ack').state).toBe('terminated');
  });

  test.each([overUdp, overTcp])('that is never acknowledged is reported', (play) => {
    expect(play('respond-failure', 'timer-h').effects.slice(-2)).toEqual([
      'report-timeout',
      'destroy',
    ]);
  });

  test('answers a repeated INVITE, but not once acknowledged', () => {
    expect(overUdp('respond-failure', 'request-again').effects.at(-1)).toBe('retransmit');
    const acknowledged = overUdp('respond-failure', 'ack');
    expect(overUdp('respond-failure', 'ack', 'request-again', 'ack')).toEqual(acknowledged);
    expect(overUdp('respond-failure', 'ack', 'timer-i').state).toBe('terminated');
  });

  test('cannot be taken back', () => {
    for (const later of ['respond-success', 'respond-failure', 'respond-provisional'] as const)
      expect(overUdp('respond-failure', later)).toEqual(overUdp('respond-failure'));
  });
});

describe('a 2xx', () => {
  test.each([overUdp, overTcp])('absorbs repeated INVITEs in silence until timer L', (play) => {
    const accepted = play('respond-success');
    expect(accepted).toEqual({
      state: 'accepted',
      effects: ['stop-trying', 'send-response', 'start-l'],
    });
    expect(play('respond-success', 'request-again')).toEqual(accepted);
    expect(play('respond-success', 'timer-l').state).toBe('terminated');
  });

  test('that comes again, or from another branch, is sent too', () => {
    expect(overUdp('respond-success', 'respond-success').effects.slice(-1)).toEqual([
      'send-response',
    ]);
  });

  test('is not repeated by the transaction: that is the callee’s duty', () => {
    expect(overUdp('respond-success').effects).not.toContain('start-g');
  });

  test('leaves the ACK to the core', () => {
    expect(overUdp('respond-success', 'ack').effects.at(-1)).toBe('pass-up');
  });

  test('is not followed by anything else', () => {
    for (const later of ['respond-failure', 'respond-provisional'] as const)
      expect(overUdp('respond-success', later)).toEqual(overUdp('respond-success'));
  });
});

test.each([
  ['trying', []],
  ['proceeding', ['respond-provisional']],
  ['completed', ['respond-failure']],
  ['accepted', ['respond-success']],
] as [string, InviteServerEvent[]][])(
  'an answer that cannot be sent while %s is reported and the transaction stays',
  (state, before) => {
    const failed = overUdp(...before, 'transport-failed');
    expect(failed.state).toBe(state);
    expect(failed.effects.at(-1)).toBe('report-transport-failure');
  },
);
