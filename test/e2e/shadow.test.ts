import { afterEach, beforeEach, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { type Gate, startGate } from '../support/gate-process.ts';

let pbx: Pbx;
let gate: Gate;
let phone: Phone;

beforeEach(async () => {
  pbx = await aPbx();
  pbx.registersAll();
  pbx.always('INVITE', (request) => pbx.answer(request, 486));
  gate = await startGate({
    pbx: pbx.uri,
    rules: 'shipped',
    settings: { 'outbound.allowed-countries.mode': 'shadow' },
  });
  phone = await aPhone({ to: gate.udp });
});
afterEach(async () => {
  await phone.close();
  await gate.close();
  await pbx.close();
});

test('a rule in shadow lets through, and says how often it would have refused, over a restart (X4)', async () => {
  await phone.register();
  const callAbroad = () =>
    phone.finalAnswer(phone.request('INVITE', `sip:00441632960000@${gate.address}`));
  expect([(await callAbroad()).status, (await callAbroad()).status]).toEqual([486, 486]);
  await expect
    .poll(() => gate.status(), { timeout: 15_000 })
    .toMatch(/Rules in shadow\n(?:.*\n)* +allowed-countries +would have refused 2 times +in \d+ s/);
  await expect
    .poll(() => gate.metrics(), { timeout: 5000 })
    .toMatch(
      /drawbridge_decisions_total\{outcome="shadow",rule="allowed-countries",reason="country-not-allowed",method="INVITE",realm="access",tier="known"\} 2/,
    );
  await gate.restart();
  expect(await gate.status()).toMatch(/allowed-countries +would have refused 2 times/);
});
