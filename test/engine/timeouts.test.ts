import { describe, expect, test, vi } from 'vitest';
import { waiting } from '../contract/waiting.ts';
import { eventually, pause } from '../support/eventually.ts';

// These wait for the real timers of RFC 3261 (64*T1 is 32 s), so all of them wait at once.
vi.setConfig({ maxConcurrency: 20, testTimeout: 60_000 });

describe.concurrent('time runs out', () => {
  test('any other request that nobody answers is left unanswered (RFC 4320 §4.2)', async () => {
    const { scene, phone, pbx, failed } = await waiting();
    await using _ = scene;
    phone.request('MESSAGE', 'sip:x');
    await pbx.expect('MESSAGE');
    await eventually(() => failed.length > 0, 'the target is given up', 36_000);
    expect(failed).toEqual(['timeout']);
    await pause(1000);
    expect(phone.received.filter(({ status }) => status !== 100)).toEqual([]);
  });

  test('a call whose session is never refreshed is ended on both sides, and reported as expired (RFC 4028 §10)', async () => {
    const { scene, phone, pbx } = await waiting();
    await using _ = scene;
    const call = await phone.invite('1002');
    const invite = await pbx.expect('INVITE');
    const headers = { 'Session-Expires': '6;refresher=uac' };
    const accepting = pbx.accept(invite, { headers });
    await call.answered();
    await accepting;
    await pause(3500);
    const refreshed = call.ask('UPDATE', { headers });
    pbx.answer(await pbx.expect('UPDATE'), 200, { headers });
    await refreshed;
    await pause(3500);
    expect(scene.gate.calls()).toHaveLength(1);
    await eventually(() => scene.gate.ended.length > 0, 'the call is reported');
    expect(scene.gate.ended.map(({ why }) => why)).toEqual(['expired']);
    expect(scene.gate.calls()).toEqual([]);
    for (const party of [phone, pbx]) party.answer(await party.expect('BYE'), 200);
  });

  test('a BYE of a phone that the PBX never takes in is said again by us: the call is over for both, or for none', async () => {
    const { scene, phone, pbx } = await waiting();
    await using _ = scene;
    const { caller } = await scene.talk();
    caller.request('BYE', { headers: { Require: 'what makes the PBX deaf' } });
    await pbx.expect('BYE');
    const ours = await pbx.expect(
      ({ method, header }) => method === 'BYE' && header('Require') === undefined,
      { within: 36_000 },
    );
    expect(ours.header('Reason')).toBe('SIP;text="Over at the other end"');
    pbx.answer(ours, 200);
    expect(scene.gate.ended.map(({ why }) => why)).toEqual(['bye']);
    expect(phone.received.filter(({ method }) => method === 'BYE')).toEqual([]);
  });
});
