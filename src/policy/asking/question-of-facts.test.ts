import { describe, expect, test } from 'vitest';
import { Policy } from '../policy.ts';
import { policySchema } from '../policy-settings.ts';
import { callOf, registrationOf, requestOf } from './imagined-facts.ts';
import { type Question, questionSchema } from './question.ts';
import { questionOf } from './question-of-facts.ts';

const { site } = new Policy(policySchema.parse({ site: { homeCountry: 'DE' } }));
const around = {
  at: Date.UTC(2026, 6, 1, 12),
  keyOf: (address: string) => address,
  isLocal: () => false,
  isAllowed: () => false,
  countryOf: () => undefined,
};

function factsOf(question: Question) {
  const { register } = question;
  if (register !== undefined) return registrationOf({ ...question, register }, site, around);
  const isCall = question.invite !== undefined || question.inbound !== undefined;
  return isCall ? callOf(question, site, around) : requestOf(question, site, around);
}

describe('what is asked of facts again', () => {
  test.each<Question>([
    { register: '1001' },
    { register: '1001', registerName: 'x', expires: 60, devices: 2, alike: 1, userAgent: 'Y' },
    { register: '1001', newDevice: false, registered: true, transport: 'tls', toPort: 5070 },
    { register: '1001', credentials: false, certificateNames: ['a', 'b'], country: 'DE' },
    { register: '1001', proven: false, expires: 0, from: '1002' },
    { register: '' },
    { method: 'OPTIONS', source: '198.51.100.9', port: 1024, tier: 'trusted' },
    { method: 'OPTIONS', from: '1001' },
    { method: 'OPTIONS', familiar: true, headerLines: 70, headBytes: 5000 },
    { method: 'OPTIONS', fromTag: '6434396633623535313363340133343333313138393833' },
    { invite: '00441632960000', as: '1001' },
    { invite: '1002', as: '1001', registered: false, asksAgain: true },
    { invite: '1002', as: '1001', sameFlow: false, anonymous: true },
    { invite: 'reception', as: '1001', toRegistered: true },
    { invite: '030123', as: '1001', from: '1002', asserted: '1', preferred: '2', remoteParty: '3' },
    { invite: '030123', as: '1001', by: 'refer', divertedBy: '1003', pin: 'boss' },
    { invite: '030123', as: '1001', pin: '' },
    { invite: '030123', as: '1001', realm: 'core', trunk: 'carrier', continues: '' },
    { invite: '030123', as: '1001', realm: 'core', continues: 'abroad' },
    { inbound: '4930123', from: '49891', trunk: 'carrier', trunkCertified: false },
    { inbound: '4930123', anonymous: false },
  ])('%j is the same', (question) => {
    const facts = factsOf(questionSchema.parse(question));
    const again = questionOf(facts);
    expect(questionSchema.safeParse(again).success).toBe(true);
    expect(factsOf(again)).toEqual(facts);
  });

  test('leaves out what is as usual', () => {
    expect(questionOf(factsOf({ invite: '030123', as: '1001' }))).toEqual({
      invite: '030123',
      as: '1001',
      source: '203.0.113.1',
      port: 5060,
      transport: 'udp',
      realm: 'access',
      tier: 'known',
    });
  });
  test('never says a PIN', () => {
    const hash = `hmac-sha256:${'s'.repeat(22)}:${'m'.repeat(43)}`;
    const withPins = new Policy(policySchema.parse({ pins: { anna: { hash } } })).site;
    const facts = callOf({ invite: '4711*030123', as: '1001' }, withPins, around);
    expect(facts.dialled.pin).toBe('4711');
    expect(JSON.stringify(questionOf(facts))).not.toContain('4711');
  });
});
