import { describe, expect, test } from 'vitest';
import { eventually, pause } from '../support/eventually.ts';
import { newBranch } from '../support/sip-party.ts';
import { aScene, at, heard, type SceneOptions } from './scene.ts';

/** A call on its way: the INVITE has arrived at the PBX, which has said nothing. */
async function calling(options: SceneOptions = {}) {
  const scene = await aScene(options);
  const { phone, pbx, gate } = scene;
  const call = await phone.invite('1002');
  return { scene, gate, phone, pbx, call, invite: await pbx.expect('INVITE') };
}

describe.concurrent('CANCEL', () => {
  test('before any answer waits for one before it is passed on (§9.1)', async () => {
    const { scene, phone, pbx, call, invite } = await calling();
    await using _ = scene;
    call.cancel();
    await phone.expect(200, { of: 'CANCEL' });
    await pause(200);
    expect(heard(pbx, 'CANCEL')).toEqual([]);
    pbx.answer(invite, 100);
    pbx.answer(await pbx.expect('CANCEL'), 200);
    pbx.answer(invite, 487);
    expect((await call.final()).status).toBe(487);
  });

  test('is told to who forwarded the call, as 487', async () => {
    await using scene = await aScene();
    const { gate, phone, pbx } = scene;
    const done: number[] = [];
    gate.forwards({ targets: [at(pbx)], onDone: (status) => done.push(status) });
    const call = await phone.invite('1002');
    const invite = await pbx.expect('INVITE');
    pbx.answer(invite, 180);
    await call.rings();
    call.cancel();
    pbx.answer(await pbx.expect('CANCEL'), 200);
    pbx.answer(invite, 487);
    await call.final();
    expect(done).toEqual([487]);
  });

  test('while the handler still ponders ends the call by itself', async () => {
    await using scene = await aScene();
    const { gate, phone, pbx } = scene;
    gate.decide = () => {};
    const call = await phone.invite('1002');
    const incoming = await gate.request('INVITE');
    call.cancel();
    await phone.expect(200, { of: 'CANCEL' });
    expect((await call.final()).status).toBe(487);
    await pause(50); // a server in another process tells the caller first
    incoming.forward({ targets: [at(pbx)] });
    incoming.answer(200);
    await pbx.silence(150);
    expect(heard(phone, 200).filter(({ cseqMethod }) => cseqMethod === 'INVITE')).toEqual([]);
  });

  test('sent twice is answered twice and passed on once', async () => {
    const { scene, phone, pbx, call, invite } = await calling();
    await using _ = scene;
    pbx.answer(invite, 180);
    await call.rings();
    call.cancel();
    const cancel = await pbx.expect('CANCEL');
    call.cancel();
    await eventually(() => heard(phone, 200).length === 2, 'two answers');
    pbx.answer(cancel, 200);
    await pause(100);
    expect(heard(pbx, 'CANCEL')).toHaveLength(1);
  });

  test('for a call nobody knows is answered 481', async () => {
    await using scene = await aScene();
    const { phone, pbx, gate } = scene;
    const sent = phone.request('CANCEL', 'sip:1002@example.test', {
      headers: { Via: `SIP/2.0/UDP 127.0.0.1:${phone.port};branch=${newBranch()};rport` },
    });
    expect((await phone.finalAnswer(sent)).status).toBe(481);
    expect([gate.seen, pbx.received]).toEqual([[], []]);
  });

  test('after the call was refused changes nothing', async () => {
    const { scene, phone, pbx, call, invite } = await calling();
    await using _ = scene;
    pbx.answer(invite, 486);
    expect((await call.final()).status).toBe(486);
    call.cancel();
    expect((await phone.expect(200, { of: 'CANCEL' })).status).toBe(200);
    await pause(100);
    expect([heard(pbx, 'CANCEL'), heard(phone, 487)]).toEqual([[], []]);
  });

  test('carries its Reason on, so that phones know a call answered elsewhere (RFC 3326 §2)', async () => {
    const { scene, phone, pbx, call, invite } = await calling();
    await using _ = scene;
    pbx.answer(invite, 180);
    await call.rings();
    const reason = 'SIP;cause=200;text="Call completed elsewhere"';
    phone.request('CANCEL', call.invite.uri ?? '', {
      headers: {
        Via: call.invite.headers('Via')[0],
        From: call.invite.header('From'),
        To: call.invite.header('To'),
        'Call-ID': call.callId,
        CSeq: `${call.invite.cseq} CANCEL`,
        Reason: reason,
      },
    });
    expect((await pbx.expect('CANCEL')).header('Reason')).toBe(reason);
  });

  test('ends the search: no further target is tried', async () => {
    await using scene = await aScene();
    const { gate, phone, pbx } = scene;
    const next = await scene.anotherPbx();
    gate.forwards({ targets: [at(pbx), at(next)], tryNextAfterMs: 300 });
    const call = await phone.invite('1002');
    const invite = await pbx.expect('INVITE');
    call.cancel();
    await phone.expect(200, { of: 'CANCEL' });
    await next.silence(600);
    pbx.answer(invite, 180);
    pbx.answer(await pbx.expect('CANCEL'), 200);
    pbx.answer(invite, 503);
    expect((await call.final()).status).toBeGreaterThanOrEqual(400);
    await next.silence(100);
  });
});

test.concurrent.each(['udp', 'tcp', 'ws'] as const)(
  'over %s CANCEL after ringing is answered 200 and passed on, and the call is refused 487',
  async (transport) => {
    const { scene, phone, pbx, call, invite } = await calling({ phone: { transport } });
    await using _ = scene;
    pbx.answer(invite, 180);
    await call.rings();
    call.cancel();
    await phone.expect(200, { of: 'CANCEL' });
    const cancel = await pbx.expect('CANCEL');
    expect([cancel.uri, cancel.branch]).toEqual([invite.uri, invite.branch]);
    expect(cancel.header('CSeq')).toBe(`${invite.cseq} CANCEL`);
    pbx.answer(cancel, 200);
    pbx.answer(invite, 487);
    expect((await call.final()).status).toBe(487);
    await pbx.expect('ACK');
    expect(scene.gate.methodsSeen()).toEqual(['INVITE']);
  },
);

test.concurrent.each(['before', 'after'])(
  'CANCEL that crosses a 200 sent %s it arrived leaves nobody in a call that the other knows nothing of',
  async (when) => {
    const { scene, pbx, call, invite } = await calling();
    await using _ = scene;
    pbx.answer(invite, 180);
    await call.rings();
    if (when === 'before') {
      pbx.answer(invite, 200);
      call.cancel();
    } else {
      call.cancel();
      pbx.answer(await pbx.expect('CANCEL'), 200);
      pbx.answer(invite, 200);
    }
    const { status } = await call.final();
    await pbx.expect('ACK');
    if (status === 487) pbx.answer(await pbx.expect('BYE'), 200);
    else expect(status).toBe(200);
    expect(scene.gate.calls()).toHaveLength(status === 200 ? 1 : 0);
  },
);
