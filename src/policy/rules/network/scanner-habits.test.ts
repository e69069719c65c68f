import { describe, expect, test } from 'vitest';
import { aRequest } from '../../../../test/support/some-facts.ts';
import { scannerHabitOf } from './scanner-habits.ts';

describe('habits of scanners (N8)', () => {
  test.each([
    [
      'From as svmap writes it, whatever the name in front',
      { fromHeader: '"PBX"<sip:100@1.1.1.1>;tag=1', fromTag: '1' },
    ],
    ['the tag of svmap', { fromTag: '6434396633623535313363340133343333313138393833' }],
    ['the tag of svwar', { fromTag: '313030300131323637383930313233' }],
    [
      'Call-ID and branch of svwar',
      { callId: '711444933874895842969934', branch: 'z9hG4bK-3054909403' },
    ],
    ['nmap', { fromHeader: '"Nmap NSE" <sip:user@192.0.2.1>;tag=abc', fromTag: 'abc' }],
  ])('knows %s', (_what, facts) => {
    expect(scannerHabitOf(aRequest(facts))).toBeTruthy();
  });
  test.each([
    ['an ordinary phone', {}],
    ['a long tag of digits', { fromTag: '123456789012345678901234' }],
    ['a long tag in hex', { fromTag: 'a1b2c3d4e5f60718293a4b5c6d7e8f90' }],
    ['a Call-ID of digits alone', { callId: '711444933874895842969934' }],
    ['a branch of digits alone', { branch: 'z9hG4bK-3054909403' }],
    ['SIPp', { callId: '1-4711@127.0.0.1', branch: 'z9hG4bK-4711-1-0' }],
  ])('leaves %s alone', (_what, facts) => {
    expect(scannerHabitOf(aRequest(facts))).toBeUndefined();
  });
});
