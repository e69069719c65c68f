import { describe, expect, test } from 'vitest';
import { AT, aCall, aNumber, aRegistration, aRequest } from '../../test/support/some-facts.ts';
import { eventOfRegistration, eventOfRequest } from './event-of-request.ts';

const LONG = 'A'.repeat(60_000);

describe('what is told of a request', () => {
  test('is who calls whom, by what', () => {
    const dialled = aNumber({ kind: 'national', digits: '030123', e164: '+4930123' });
    const facts = aCall({ dialled, extension: '1001', from: '1002', route: { name: 'home' } });
    expect(eventOfRequest(facts, 'call', 'info')).toMatchObject({
      ...{ at: facts.at, level: 'info', kind: 'call', count: 1, method: 'INVITE' },
      ...{ source: '198.51.100.7', extension: '1001', number: '+4930123', route: 'home' },
      asked: { invite: '030123', from: '1002' },
    });
  });
  test('has the same keys in the same order, whatever it was', () => {
    const [call, question, registration] = [aCall(), aRequest(), aRegistration()].map((facts) =>
      Object.keys(eventOfRequest(facts, 'refused', 'warn')),
    );
    expect(question).toEqual(call);
    expect(registration).toEqual(call);
  });
  test('keeps little of what a stranger wrote', () => {
    const long = { userAgent: LONG, callId: LONG, extension: LONG, from: LONG, divertedBy: LONG };
    const facts = aCall({ ...long, dialled: aNumber({ digits: LONG, e164: undefined }) });
    expect(JSON.stringify(eventOfRequest(facts, 'call', 'info')).length).toBeLessThan(2000);
  });
});

test('what is told of a registration is whose, and how long it lasts', () => {
  const binding = { callId: 'a', expiresAt: AT + 60_000 };
  const asked = { register: '1001', source: '198.51.100.7', expires: 60, domain: LONG };
  const event = eventOfRegistration(binding, asked, AT);
  expect(event).toMatchObject({
    ...{ at: AT, kind: 'registered', method: 'REGISTER', extension: '1001', callId: 'a' },
    ...{ seconds: 60, source: '198.51.100.7', asked: { expires: 60 } },
  });
  expect(JSON.stringify(event).length).toBeLessThan(600);
});
