import { describe, expect, test } from 'vitest';
import { aCall, aNumber, aRegistration, aRequest, aSource } from '../../test/support/some-facts.ts';
import { questionOf } from '../policy/asking/question-of-facts.ts';
import type { GateEvent } from './event.ts';
import { eventOfRequest } from './event-of-request.ts';
import { questionOfEvent } from './question-of-event.ts';

/** As it is read again from disk. */
const recorded = (facts: Parameters<typeof eventOfRequest>[0]): GateEvent =>
  JSON.parse(JSON.stringify(eventOfRequest(facts, 'refused', 'info')));

describe('an event asks what its request was', () => {
  test.each([
    ['a call', aCall()],
    [
      'a call abroad',
      aCall({
        dialled: aNumber({
          kind: 'international',
          digits: '00441632960000',
          e164: '+441632960000',
        }),
        from: '1002',
        registered: false,
        userAgent: undefined,
      }),
    ],
    ['a call from a trunk', aCall({ source: aSource({ realm: 'trunk' }), extension: undefined })],
    ['a transfer', aCall({ method: 'REFER', by: 'refer', divertedBy: '1003' })],
    ['a registration', aRegistration({ expires: [60], registerName: 'x', devices: 3 })],
    ['a question', aRequest()],
    ['a message', aCall({ method: 'MESSAGE' })],
    ['nobody', aRegistration({ extension: '', from: '' })],
  ])('%s', (_what, facts) => {
    expect(questionOfEvent(recorded(facts))).toEqual(questionOf(facts));
  });

  test('and keeps nothing twice', () => {
    const { asked } = recorded(aCall({ dialled: aNumber({ kind: 'national', digits: '030123' }) }));
    expect(asked).toBeUndefined();
  });
  test('and is of no request when it says none', () => {
    const event: GateEvent = { at: 0, level: 'info', kind: 'reload', count: 1 };
    expect(questionOfEvent(event)).toBeUndefined();
  });
});
