import { describe, expect, test } from 'vitest';
import { aScene, type Scene, type Talk } from '../contract/scene.ts';
import { eventually } from '../support/eventually.ts';
import type { Received } from '../support/sip-party.ts';
import { uriOf } from '../support/sip-text.ts';

const reason = { text: 'limit reached', cause: 487 };

/** Ends the one call there is; both sides answer their BYE. */
async function end(scene: Scene): Promise<{ toCaller: Received; toCalled: Received }> {
  const { gate, phone, pbx } = scene;
  const [call] = gate.calls();
  expect(gate.serving.end(call?.callId ?? '', reason)).toBe(true);
  const [toCaller, toCalled] = await Promise.all([phone.expect('BYE'), pbx.expect('BYE')]);
  phone.answer(toCaller, 200);
  pbx.answer(toCalled, 200);
  return { toCaller, toCalled };
}

/** Each BYE looks to its receiver as if the other party had sent it. */
function expectRightDialog(
  { caller, called, invite }: Talk,
  toCaller: Received,
  toCalled: Received,
) {
  const calledTag = called.invite.toTag ?? '';
  expect(calledTag).toBe('');
  expect([toCaller.fromTag, toCaller.toTag]).toEqual([toCalled.toTag, caller.invite.fromTag]);
  expect(toCalled.fromTag).toBe(caller.invite.fromTag);
  expect([toCaller.callId, toCalled.callId]).toEqual([invite.callId, invite.callId]);
  expect(toCaller.uri).toBe(uriOf(caller.invite.header('Contact') ?? ''));
  expect(toCalled.uri).toBe(caller.remoteTarget);
}

describe.each(['udp', 'tcp', 'tls', 'ws'] as const)('a call from a phone over %s', (transport) => {
  test('is ended by a BYE to each side, in its own dialog, with the reason (RFC 3326)', async () => {
    await using scene = await aScene({ phone: { transport } });
    const { gate, phone, pbx } = scene;
    const talk = await scene.talk();
    const { toCaller, toCalled } = await end(scene);
    expectRightDialog(talk, toCaller, toCalled);
    expect(toCalled.toTag).toBe(pbx.tagFor(talk.invite.callId));
    expect(toCalled.cseq).toBe(talk.caller.invite.cseq + 1);
    for (const bye of [toCaller, toCalled]) {
      expect(bye.header('Reason')).toMatch(
        /^(SIP|Q\.850)\s*;\s*cause=487\s*;\s*text="limit reached"$/,
      );
      expect(bye.list('Via')).toHaveLength(1);
      expect(bye.header('Max-Forwards')).toBe('70');
      expect(bye.headers('Route')).toEqual([]);
    }
    await Promise.all([phone.silence(100), pbx.silence(100)]);
    expect(gate.ended.map(({ why }) => why)).toEqual(['ended']);
    expect(gate.calls()).toEqual([]);
  });
});

test('the BYEs go on where each side had counted to (§12.2.1.1)', async () => {
  await using scene = await aScene();
  const { phone, pbx } = scene;
  const talk = await scene.talk();
  for (const method of ['INVITE', 'INFO']) {
    const fromCaller = talk.caller.ask(method);
    pbx.answer(await pbx.expect(method), 200);
    await fromCaller;
    const fromCalled = talk.called.ask(method);
    phone.answer(await phone.expect(method), 200);
    await fromCalled;
  }
  const { toCaller, toCalled } = await end(scene);
  expect(toCalled.cseq).toBe(talk.caller.cseq + 1);
  expect(toCaller.cseq).toBe(talk.called.cseq + 1);
});

test('a phone whose connection is gone is not looked for where its Contact says', async () => {
  await using scene = await aScene({ phone: { transport: 'tcp' } });
  const { gate, phone, pbx } = scene;
  const named = await scene.anotherPbx();
  const { caller } = await scene.talk({ headers: { Contact: `<${named.uri}>` } });
  await phone.close();
  await eventually(() => gate.closedFlows.length === 1, 'the connection is gone');
  gate.serving.end(caller.callId, reason);
  await pbx.expect('BYE');
  await named.silence(100);
});
