import { describe, expect, test } from 'vitest';
import { aScene, heard, type SceneOptions } from '../contract/scene.ts';
import { pause } from '../support/eventually.ts';

/** A call on its way: the INVITE has arrived at the PBX, which has said nothing. */
async function calling(options: SceneOptions = {}) {
  const scene = await aScene(options);
  const { phone, pbx, gate } = scene;
  const call = await phone.invite('1002');
  return { scene, gate, phone, pbx, call, invite: await pbx.expect('INVITE') };
}

describe.concurrent.each(['udp', 'tcp', 'ws'] as const)('over %s', (transport) => {
  test('CANCEL after ringing is answered 200 at once and passed on; the 487 comes back (§16.10)', async () => {
    const { scene, phone, pbx, call, invite } = await calling({ phone: { transport } });
    await using _ = scene;
    pbx.answer(invite, 180);
    await call.rings();
    call.cancel();
    await phone.expect(200, { of: 'CANCEL' });
    const cancel = await pbx.expect('CANCEL');
    expect(cancel.uri).toBe(invite.uri);
    expect(cancel.list('Via')).toEqual(invite.list('Via').slice(0, 1));
    for (const name of ['From', 'To', 'Call-ID'])
      expect(cancel.header(name)).toBe(invite.header(name));
    expect(cancel.header('CSeq')).toBe(`${invite.cseq} CANCEL`);
    await phone.silence(50);
    pbx.answer(cancel, 200);
    pbx.answer(invite, 487);
    expect((await call.final()).status).toBe(487);
    await pbx.expect('ACK');
    expect(scene.gate.methodsSeen()).toEqual(['INVITE']);
  });
});

describe.concurrent('CANCEL', () => {
  test('before any answer, and the first one is a 200: the call is connected', async () => {
    const { scene, phone, pbx, call, invite } = await calling();
    await using _ = scene;
    call.cancel();
    await phone.expect(200, { of: 'CANCEL' });
    pbx.answer(invite, 200);
    await call.answered();
    await pbx.expect('ACK');
    expect(heard(pbx, 'CANCEL')).toEqual([]);
  });

  test.each(['before', 'after'])(
    'that crosses a 200 sent %s it arrived: the 200 wins and there is no 487',
    async (when) => {
      const { scene, phone, pbx, call, invite } = await calling();
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
      expect((await call.final()).status).toBe(200);
      expect((await phone.expect(200, { of: 'CANCEL' })).status).toBe(200);
      await pbx.expect('ACK');
      await pause(100);
      expect(heard(phone, 487)).toEqual([]);
      expect(scene.gate.calls()).toHaveLength(1);
    },
  );
});
