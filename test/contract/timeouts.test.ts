import { describe, expect, inject, test, vi } from 'vitest';
import { eventually, pause } from '../support/eventually.ts';
import { heard, requestText, speak } from './scene.ts';
import { waiting } from './waiting.ts';

// These wait for the real timers of RFC 3261 (64*T1 is 32 s), so all of them wait at once: unless they share a server.
const atOnce = inject('carrier') === 'drachtio-server' ? 1 : 20;
vi.setConfig({ maxConcurrency: atOnce, testTimeout: 60_000 });

describe.concurrent('time runs out', () => {
  test('an INVITE that nobody answers is answered 408 after 32 s (timer B)', async () => {
    const { scene, phone, pbx, failed, done } = await waiting();
    await using _ = scene;
    const call = await phone.invite('1002');
    const { at: began } = await pbx.expect('INVITE');
    const final = await call.final(40_000);
    expect(final.status).toBe(408);
    expect(final.at - began).toBeGreaterThan(31_000);
    expect(final.at - began).toBeLessThan(35_000);
    expect([failed, done]).toEqual([['timeout'], [408]]);
  });

  test('an INVITE whose target has said 100 may be pondered over for longer than that', async () => {
    const { scene, phone, pbx } = await waiting();
    await using _ = scene;
    const call = await phone.invite('1002');
    const invite = await pbx.expect('INVITE');
    pbx.answer(invite, 100);
    await pause(34_500);
    pbx.answer(invite, 486);
    expect((await call.final()).status).toBe(486);
  });

  test('a 408 to anything but an INVITE is not passed on (RFC 4320 §4.2)', async () => {
    const { scene, phone, pbx } = await waiting();
    await using _ = scene;
    phone.request('MESSAGE', 'sip:x');
    pbx.answer(await pbx.expect('MESSAGE'), 408);
    await pause(1000);
    expect(heard(phone, 408)).toEqual([]);
  });

  test('a 408 to an INVITE is passed on', async () => {
    const { scene, phone, pbx } = await waiting();
    await using _ = scene;
    const call = await phone.invite('1002');
    pbx.answer(await pbx.expect('INVITE'), 408);
    expect((await call.final()).status).toBe(408);
  });

  test('a cancelled INVITE that is never answered is given up after 32 s (§9.1)', async () => {
    const { scene, phone, pbx } = await waiting();
    await using _ = scene;
    const call = await phone.invite('1002');
    pbx.answer(await pbx.expect('INVITE'), 180);
    await call.rings();
    call.cancel();
    pbx.answer(await pbx.expect('CANCEL'), 200);
    expect([408, 487]).toContain((await call.final(40_000)).status);
  });

  test('a call that only rings is cancelled when the ring time is over (timer C, §16.8)', async () => {
    const { scene, phone, pbx } = await waiting({ ringSeconds: 1 });
    await using _ = scene;
    const call = await phone.invite('1002');
    const invite = await pbx.expect('INVITE');
    pbx.answer(invite, 180);
    const rang = await call.rings();
    const cancel = await pbx.expect('CANCEL');
    expect(cancel.at - rang.at).toBeGreaterThan(700);
    pbx.answer(cancel, 200);
    pbx.answer(invite, 487);
    expect([408, 487]).toContain((await call.final()).status);
  });

  test('every provisional answer begins the ring time anew (§16.7 step 2)', async () => {
    const { scene, phone, pbx } = await waiting({ ringSeconds: 3 });
    await using _ = scene;
    await phone.invite('1002');
    const invite = await pbx.expect('INVITE');
    for (const status of [180, 183, 180, 182]) {
      pbx.answer(invite, status);
      await pause(1200);
    }
    expect(heard(pbx, 'CANCEL')).toEqual([]);
    await pbx.expect('CANCEL');
  });

  test('a refusal that is never acknowledged is repeated no longer than 32 s (timer H)', async () => {
    const { scene, phone, pbx } = await waiting();
    await using _ = scene;
    scene.gate.decide = (incoming) => incoming.answer(486);
    speak(phone, requestText(phone, 'INVITE'));
    await eventually(() => heard(phone, 486).length >= 10, 'ten repetitions', 34_000);
    const count = heard(phone, 486).length;
    await pause(5000);
    expect(heard(phone, 486).length).toBeLessThanOrEqual(count + 1);
    expect(pbx.received).toEqual([]);
  });
});
