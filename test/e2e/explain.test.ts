import { expect, test } from 'vitest';
import { drawbridge } from '../support/drawbridge.ts';

test('explain says by which rule a call is refused, where that is set, and what would change it (X2)', async () => {
  const { code, output } = await drawbridge('explain', 'invite', '0085023811', '--as', '1001');
  expect(code).toBe(1);
  expect(output).toMatch(/REFUSES +outbound +allowed-countries/);
  expect(output).toMatch(/decided by +outbound\.allowed-countries\.countries/);
  expect(output).toMatch(/would pass with/);
});

test.each([
  [['invite', '112', '--as', '1001'], 0, /emergency call: no rule is asked/],
  [['register', '1001'], 0, /passes/],
  [['register', '1001', '--user-agent', 'sipvicious'], 1, /refused +in silence +scanner/],
  [
    ['register', '1001', '--port', 'x', '--tier', 'y'],
    2,
    /--port: found "x", expected .*\n--tier: found "y"/,
  ],
  [['invite', '1002'], 2, /--as: found nothing, expected the extension that calls/],
  [['method', 'options'], 2, /method: found "options", expected a method in capital letters/],
  [['inbound', '49', '--trunk', 'x'], 0, /--trunk: found "x", expected a trunk of .*none/],
  [
    [
      'inbound',
      '49',
      '--trunk',
      'carier',
      '--set',
      'trunks=[{name: carrier, uri: "sip:192.0.2.1"}]',
    ],
    0,
    /--trunk: found "carier", expected one of carrier \(did you mean carrier\?\)/,
  ],
  [['call', '1002'], 2, /found "call 1002", expected register EXTENSION/],
  [['invite', '1002', '--as', '1001', '--at', 'noon'], 2, /--at: found "noon", expected a moment/],
] as const)('explain %j', async (words, exit, says) => {
  const { code, output } = await drawbridge('explain', ...words);
  expect([code, output]).toEqual([exit, expect.stringMatching(says)]);
});
