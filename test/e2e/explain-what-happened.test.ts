import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { drawbridge } from '../support/drawbridge.ts';
import { type Gate, startGate } from '../support/gate-process.ts';

let pbx: Pbx;
let gate: Gate;
let phone: Phone;

beforeEach(async () => {
  pbx = await aPbx();
  pbx.registersAll();
  gate = await startGate({
    pbx: pbx.uri,
    rules: 'shipped',
    settings: { 'outbound.concurrent-calls.extension': 1 },
  });
  phone = await aPhone({ to: gate.udp });
});
afterEach(async () => {
  await phone.close();
  await gate.close();
  await pbx.close();
});

const explain = (...words: string[]) => drawbridge('explain', '--data', gate.data, ...words);

/** A call that goes on. */
async function callOn(): Promise<void> {
  const call = await phone.invite('1002');
  const accepted = pbx.accept(await pbx.expect('INVITE'));
  await call.answered();
  await accepted;
}

describe('the gate that runs', () => {
  test('says what would become of a call now, by who is registered and what is live', async () => {
    const ask = async () => (await explain('invite', '1002', '--as', '1001', '--running')).output;
    expect(await ask()).toMatch(/REFUSES +outbound +no-guests/);
    await phone.register();
    expect(await ask()).toMatch(/no-guests +1001 is registered from 127\.0\.0\.1:/);
    expect(await ask()).toMatch(/concurrent-calls +extension:1001 has 0 live, allowed 1/);
    await callOn();
    const live = await explain('invite', '1002', '--as', '1001', '--running');
    expect(live).toMatchObject({
      code: 1,
      output: expect.stringMatching(
        /REFUSES +outbound +concurrent-calls +extension:1001 has 1 live/,
      ),
    });
    // asking again and again counts nothing
    for (let again = 0; again < 7; again++) await ask();
    expect(await ask()).toMatch(/call-frequency +call [12] of extension:1001 in 1 s/);
    expect((await explain('invite', '1002', '--as', '1001')).code).toBe(0);
  });
  test('knows which devices are registered', async () => {
    await phone.register();
    const other = ['register', '1001', '--running', '--source', '192.0.2.7'];
    expect((await explain(...other)).output).toMatch(
      /REFUSES +registration +devices +1 new, 1 registered/,
    );
    expect((await explain('register', '1001', '--running')).code).toBe(0);
  });
});

describe('what happened (X2)', () => {
  test('is explained by its Call-ID as it was decided then, and by the files of today', async () => {
    await phone.register();
    const to = `sip:00441632960000@${gate.address}`;
    const { callId } = await phone.finalAnswer(phone.request('INVITE', to));
    await expect
      .poll(() => explain('--call', callId), { timeout: 15_000 })
      .toMatchObject({ code: 1, output: expect.stringMatching(/refused +INVITE/) });
    await gate.stop();
    const { output } = await explain('--call', callId);
    expect(output).toMatch(/refuse +allowed-countries: international number, country GB/);
    expect(output).toMatch(
      /decided by +outbound\.allowed-countries\.countries +policies\/outbound/,
    );
    expect(output).toMatch(/By the files today\n1001 dials 00441632960000/);

    const allowed = ['--set', 'outbound.allowed-countries.countries=[GB]'];
    const today = await explain('--call', callId, ...allowed);
    expect(today).toMatchObject({ code: 0, output: expect.stringMatching(/passes\s*$/) });
    const number = /#(\d+) .* refused +INVITE/.exec(output)?.[1] ?? '';
    expect((await explain('--event', number, '--json')).output).toMatch(
      /"reason": "country-not-all/,
    );
  });
  test('is explained with the counts of then', async () => {
    await phone.register();
    await callOn();
    const { callId } = await phone.finalAnswer(phone.request('INVITE', `sip:1003@${gate.address}`));
    const one = ['--set', 'outbound.concurrent-calls.extension=1'];
    await expect
      .poll(() => explain('--call', callId, ...one), { timeout: 15_000 })
      .toMatchObject({
        code: 1,
        output: expect.stringMatching(
          /today\n.* dials 1003 .*\n(.*\n)+ +REFUSES +outbound +concurrent/,
        ),
      });
  });
  test('that nobody knows of is said', async () => {
    const says = { code: 1, output: expect.stringMatching(/No event is of that/) };
    expect(await explain('--call', 'x@y')).toMatchObject(says);
    expect(await explain('--event', 'x')).toMatchObject({ code: 2 });
    expect(await explain('--event', '1', 'register', '1001')).toMatchObject({ code: 2 });
  });
});
