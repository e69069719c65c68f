import { expect, test } from 'vitest';
import { eventually, pause } from '../support/eventually.ts';
import type { Received } from '../support/sip-party.ts';
import { aScene, heard, type Scene } from './scene.ts';

const reason = { text: 'limit reached', cause: 487 };

/** Ends the one call there is; both sides answer their BYE. */
async function end(scene: Scene): Promise<{ toCaller: Received; toCalled: Received }> {
  const { gate, phone, pbx } = scene;
  const [call] = gate.calls();
  expect(gate.serving.callsNamed(call?.callId ?? '')).toEqual([call]);
  expect(gate.serving.end(call?.callId ?? '', reason)).toBe(true);
  expect(gate.serving.callsNamed(call?.callId ?? '')).toEqual([]);
  const [toCaller, toCalled] = await Promise.all([phone.expect('BYE'), pbx.expect('BYE')]);
  phone.answer(toCaller, 200);
  pbx.answer(toCalled, 200);
  return { toCaller, toCalled };
}

test('the BYEs follow the route set beyond us, and the newest Contact', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  const proxy = await scene.anotherPbx();
  const route = `<sip:127.0.0.1:${proxy.port};lr>`;
  const caller = await phone.invite('1002');
  const invite = await pbx.expect('INVITE');
  pbx.answer(invite, 200, {
    headers: { 'Record-Route': [route, ...invite.headers('Record-Route')] },
  });
  await caller.answered();
  const moved = `sip:moved@127.0.0.1:${phone.port}`;
  const asked = caller.ask('UPDATE', { headers: { Contact: `<${moved}>` } });
  proxy.answer(await proxy.expect('UPDATE'), 200, {
    headers: { Contact: '<sip:newer@192.0.2.4>' },
  });
  await asked;
  const [call] = gate.calls();
  gate.serving.end(call?.callId ?? '', reason);
  const toCalled = await proxy.expect('BYE');
  expect([toCalled.uri, toCalled.list('Route')]).toEqual(['sip:newer@192.0.2.4', [route]]);
  expect((await phone.expect('BYE')).uri).toBe(moved);
});

test('only a known call can be ended, and only once', async () => {
  await using scene = await aScene();
  const { gate } = scene;
  expect(gate.serving.end('no-such-call', reason)).toBe(false);
  await scene.talk();
  const [call] = gate.calls();
  await end(scene);
  expect(gate.serving.end(call?.callId ?? '', reason)).toBe(false);
  expect(gate.ended).toHaveLength(1);
});

test('a call that still rings is cancelled on one side and answered 487 on the other', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  const call = await phone.invite('1002');
  const invite = await pbx.expect('INVITE');
  pbx.answer(invite, 180);
  await call.rings();
  expect(gate.serving.end(call.callId, reason)).toBe(true);
  pbx.answer(await pbx.expect('CANCEL'), 200);
  pbx.answer(invite, 487);
  expect((await call.final()).status).toBe(487);
});

test('a BYE that crosses ours is answered, and the call ends once', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  const { caller } = await scene.talk();
  const [call] = gate.calls();
  gate.serving.end(call?.callId ?? '', reason);
  const bye = caller.ask('BYE');
  phone.answer(await phone.expect('BYE'), 481);
  pbx.always('BYE', (request) => pbx.answer(request, 481));
  for (const early of heard(pbx, 'BYE')) pbx.answer(early, 481);
  expect((await bye).status).toBeGreaterThanOrEqual(200);
  expect(gate.ended.map(({ why }) => why)).toEqual(['ended']);
});

test('a call is ended though another by its Call-ID was refused meanwhile', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  const { caller } = await scene.talk();
  const other = await phone.invite('1003', { headers: { 'Call-ID': caller.callId } });
  pbx.answer(await pbx.expect('INVITE'), 486);
  await other.final();
  expect(gate.serving.callsNamed(caller.callId)).toEqual(gate.calls());
  expect(gate.serving.end(caller.callId, reason)).toBe(true);
  for (const party of [phone, pbx]) party.answer(await party.expect('BYE'), 200);
  expect(gate.calls()).toEqual([]);
});

test('over udp a lost BYE is repeated', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  await scene.talk();
  const [call] = gate.calls();
  gate.serving.end(call?.callId ?? '', reason);
  await eventually(
    () => heard(phone, 'BYE').length === 2 && heard(pbx, 'BYE').length === 2,
    'both again',
  );
  phone.answer(await phone.expect('BYE'), 200);
  pbx.answer(await pbx.expect('BYE'), 200);
  await pause(1200);
  expect([heard(phone, 'BYE').length, heard(pbx, 'BYE').length]).toEqual([2, 2]);
});

test.each(['udp', 'tcp', 'tls', 'ws'] as const)(
  'a call from a phone over %s is ended by a BYE to each side, in the dialog it knows, with the reason (RFC 3326)',
  async (transport) => {
    await using scene = await aScene({ phone: { transport } });
    const { gate, phone, pbx } = scene;
    const { caller, invite } = await scene.talk();
    const { toCaller, toCalled } = await end(scene);
    expect([toCaller.callId, toCaller.toTag]).toEqual([caller.callId, caller.invite.fromTag]);
    expect([toCalled.callId, toCalled.toTag]).toEqual([invite.callId, pbx.tagFor(invite.callId)]);
    for (const bye of [toCaller, toCalled])
      expect(bye.header('Reason')).toMatch(
        /^(SIP|Q\.850)\s*;\s*cause=487\s*;\s*text="limit reached"$/,
      );
    await Promise.all([phone.silence(100), pbx.silence(100)]);
    expect(gate.ended.map(({ why }) => why)).toEqual(['ended']);
    expect(gate.calls()).toEqual([]);
  },
);
