import { describe, expect, test, vi } from 'vitest';
import { heard } from '../../contract/scene.ts';
import { pause } from '../../support/eventually.ts';
import { calledSide, sdp } from '../../support/sip-call.ts';
import { aProgramScene, type ProgramSceneOptions } from './raw-program.ts';

// These wait for the real timers of RFC 3261, 3262 and 4028, so all of them wait at once.
vi.setConfig({ maxConcurrency: 30, testTimeout: 120_000 });

const SDP = sdp('127.0.0.1');
const AFTER_32_S = 36_000;

async function waiting(options: ProgramSceneOptions = {}) {
  const scene = await aProgramScene(options);
  const { phone, program, pbx } = scene;
  return { scene, phone, program, pbx, bob: `sip:bob@${pbx.address}:${pbx.port}` };
}

describe.concurrent('time runs out', () => {
  test('a 200 without its ACK is ended by BYE after 32 s, and the program is told', async () => {
    const { scene, phone, program } = await waiting();
    await using _ = scene;
    await phone.invite('service');
    const { dialogId } = await program.answer(await program.gets('INVITE'), 200, { body: SDP });
    const bye = await phone.expect('BYE', { within: AFTER_32_S });
    expect(bye.header('Reason')).toBe('SIP;cause=200;text="ACK timeout"');
    expect(heard(phone, 200).length).toBeGreaterThan(8);
    const told = await program.gets('BYE');
    expect([told.source, told.transactionId, told.dialogId]).toEqual([
      'application',
      'unsolicited',
      dialogId,
    ]);
    expect(told.message.header('Reason')).toBe('SIP;cause=200;text="ACK timeout"');
    expect((await program.inside(dialogId, 'BYE')).ok).toBe(false);
  });

  test('a program that never acknowledges has its call acknowledged and ended', async () => {
    const { scene, program, pbx, bob } = await waiting();
    await using _ = scene;
    await program.request('INVITE', bob, { body: SDP });
    pbx.answer(await pbx.expect('INVITE'), 200, { body: SDP });
    await pbx.expect('ACK', { within: AFTER_32_S });
    await pbx.expect('BYE');
    expect((await program.gets('BYE')).transactionId).toBe('unsolicited');
  });

  test('a request that the program says nothing to is answered 503 before its client gives up', async () => {
    const { scene, phone, program } = await waiting();
    await using _ = scene;
    const sent = phone.request('MESSAGE', 'sip:service@x');
    const message = await program.gets('MESSAGE');
    expect((await phone.finalAnswer(sent, AFTER_32_S)).status).toBe(503);
    expect((await program.answer(message, 200)).ok).toBe(false);
  });

  test('an INVITE that the program says nothing to is answered 503 after 64 s; it is told by CANCEL', async () => {
    const { scene, phone, program } = await waiting();
    await using _ = scene;
    const caller = await phone.invite('service');
    const invite = await program.gets('INVITE');
    expect((await caller.final(70_000)).status).toBe(503);
    expect((await program.gets('CANCEL')).transactionId).toBe(invite.transactionId);
  });

  test('one that it lets ring for longer than calls may is answered 408; it is told by CANCEL', async () => {
    const { scene, phone, program } = await waiting({ ringSeconds: 4 });
    await using _ = scene;
    const caller = await phone.invite('service');
    const invite = await program.gets('INVITE');
    await program.answer(invite, 180);
    await pause(2500);
    await program.answer(invite, 180);
    await pause(2500);
    expect(heard(phone, 408)).toEqual([]);
    expect((await caller.final()).status).toBe(408);
    expect((await program.gets('CANCEL')).transactionId).toBe(invite.transactionId);
  });

  test('an INVITE of a program that rings for longer than that is cancelled', async () => {
    const { scene, program, pbx, bob } = await waiting({ ringSeconds: 2 });
    await using _ = scene;
    await program.request('INVITE', bob, { body: SDP });
    const invite = await pbx.expect('INVITE');
    pbx.answer(invite, 180);
    pbx.answer(await pbx.expect('CANCEL'), 200);
    pbx.answer(invite, 487);
    await program.gets(487);
  });

  test('an INVITE of a program that nobody answers is a 408 after 32 s', async () => {
    const { scene, program, pbx, bob } = await waiting();
    await using _ = scene;
    const sent = await program.request('INVITE', bob, { body: SDP });
    await pbx.expect('INVITE');
    const answer = await program.gets(408, AFTER_32_S);
    expect([answer.transactionId, answer.message.startLine]).toEqual([
      sent.transactionId,
      'SIP/2.0 408 Request Timeout',
    ]);
    expect(answer.tokens.slice(2, 6)).toEqual(['0', '', '', '0']);
  });

  test('a reliable answer without its PRACK fails the call after 32 s; the program is told by CANCEL', async () => {
    const { scene, phone, program } = await waiting();
    await using _ = scene;
    const caller = await phone.invite('service', { headers: { Supported: '100rel' } });
    const invite = await program.gets('INVITE');
    await program.answer(invite, 183, { headers: { Require: '100rel' } });
    expect((await caller.final(AFTER_32_S)).status).toBe(504);
    expect((await program.gets('CANCEL')).transactionId).toBe(invite.transactionId);
  });

  test('and by BYE where it has answered 200 behind it', async () => {
    const { scene, phone, program } = await waiting();
    await using _ = scene;
    const caller = await phone.invite('service', { headers: { Supported: '100rel' } });
    const invite = await program.gets('INVITE');
    await program.answer(invite, 183, { headers: { Require: '100rel' } });
    const { dialogId } = await program.answer(invite, 200, { body: SDP });
    expect((await caller.final(AFTER_32_S)).status).toBe(504);
    const bye = await program.gets('BYE');
    expect([bye.transactionId, bye.dialogId]).toEqual(['unsolicited', dialogId]);
  });

  test("a session that we are to refresh is refreshed out of the program's sight, and ended when that fails", async () => {
    const { scene, phone, program } = await waiting();
    await using _ = scene;
    const caller = await phone.invite('service', { headers: { Supported: 'timer' } });
    const { dialogId } = await program.answer(await program.gets('INVITE'), 200, {
      headers: { 'Session-Expires': '90;refresher=uas' },
      body: SDP,
    });
    await caller.answered();
    const refresh = await phone.expect('INVITE', { within: 50_000 });
    expect(refresh.header('Session-Expires')).toBe('90;refresher=uac');
    expect(refresh.body).toBe(SDP);
    phone.answer(refresh, 200, {
      headers: { 'Session-Expires': '90;refresher=uac' },
      body: SDP,
    });
    expect((await phone.expect('ACK')).cseq).toBe(refresh.cseq);
    phone.answer(await phone.expect('INVITE', { within: 50_000 }), 481);
    const bye = await phone.expect('BYE');
    expect(bye.header('Reason')).toContain('Session timer expired');
    const told = await program.gets('BYE');
    expect([told.transactionId, told.dialogId]).toEqual(['unsolicited', dialogId]);
    expect(program.heard()).toEqual(['INVITE', 'ACK', 'BYE']);
  });

  test('a session that the other side is to refresh and does not is ended before it expires', async () => {
    const { scene, phone, program } = await waiting();
    await using _ = scene;
    const caller = await phone.invite('service', {
      headers: { 'Session-Expires': '90;refresher=uac', Supported: 'timer' },
    });
    await program.answer(await program.gets('INVITE'), 200, { body: SDP });
    const ok = await caller.answered();
    expect(ok.header('Session-Expires')).toBe('90;refresher=uac');
    expect(ok.header('Require')).toBe('timer');
    await pause(25_000);
    const asked = caller.ask('UPDATE');
    await program.answer(await program.gets('UPDATE'), 200);
    await asked;
    await pause(45_000);
    expect(heard(phone, 'BYE')).toEqual([]);
    const bye = await phone.expect('BYE', { within: 20_000 });
    expect(bye.header('Reason')).toContain('Session timer expired');
  });

  test("a session in a call of the program's own is refreshed when its 200 says that we are to", async () => {
    const { scene, program, pbx, bob } = await waiting();
    await using _ = scene;
    await program.request('INVITE', bob, { headers: { Supported: 'timer' }, body: SDP });
    const invite = await pbx.expect('INVITE');
    pbx.answer(invite, 200, {
      headers: { 'Session-Expires': '90;refresher=uac', Require: 'timer' },
      body: SDP,
    });
    await program.inside((await program.gets(200)).dialogId, 'ACK');
    await pbx.expect('ACK');
    const refresh = await pbx.expect('INVITE', { within: 50_000 });
    expect(refresh.cseq).toBe(invite.cseq + 1);
    const meanwhile = calledSide(pbx, invite).request('INVITE', { body: SDP });
    expect((await pbx.finalAnswer(meanwhile)).status).toBe(491);
    pbx.answer(refresh, 200, { body: SDP });
    await pbx.expect(({ method, cseq }) => method === 'ACK' && cseq === refresh.cseq);
  });
});

test('a session that would have to be refreshed too often is answered 422 inside a dialog', async () => {
  const { scene, phone, program } = await waiting();
  await using _ = scene;
  const caller = await phone.invite('service');
  await program.answer(await program.gets('INVITE'), 200, { body: SDP });
  await caller.answered();
  await program.gets('ACK');
  const short = caller.request('UPDATE', { headers: { 'Session-Expires': '60' } });
  const refused = await phone.finalAnswer(short);
  expect([refused.status, refused.header('Min-SE')]).toEqual([422, '90']);
});
