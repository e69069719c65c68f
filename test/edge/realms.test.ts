import { expect, test } from 'vitest';
import { heard } from '../contract/scene.ts';
import { aScene } from './scene.ts';

test.each(['udp', 'tcp'] as const)(
  'where the PBX has a listener of its own, its address, which can be forged, opens nothing on the phones’: %s',
  async (transport) => {
    const nodes = [{ answersOptions: false }];
    const pbx = { sources: ['127.0.0.1'] };
    await using scene = await aScene({ nodes, pbx, separateCore: true });
    const phone = await scene.registered({ address: '127.0.0.5' });
    const uri = scene.contact();
    expect(uri).toContain(`:${scene.place('udp', 'core').port};`);

    await scene.call(uri, { to: scene.place(transport, 'core') });
    phone.answer(await phone.expect('INVITE'), 486);

    // as from any stranger: it goes to the PBX, and a binding's own token leads to nobody
    const forged = await scene.call(uri, { to: scene.place(transport) });
    const arrived = await scene.pbx.expect('INVITE');
    expect(arrived.callId).toBe(forged.callId);
    scene.pbx.answer(arrived, 403);
    expect((await forged.final()).status).toBe(403);
    expect(heard(phone, 'INVITE')).toHaveLength(1);
  },
);

test.each(['udp', 'tcp'] as const)(
  'who finds the listener of the PBX is not the PBX for that: %s',
  async (transport) => {
    await using scene = await aScene({ carriers: 1, separateCore: true });
    const uri = `sip:0900@${scene.carrier().address}:${scene.carrier().port}`;
    const to = scene.place(transport, 'core');
    const stranger = await scene.phone({ address: '127.0.0.5', transport, to });
    const call = await stranger.invite(uri);
    const arrived = await scene.pbx.expect('INVITE');
    expect(arrived.callId).toBe(call.callId);
    scene.pbx.answer(arrived, 403);
    expect((await call.final()).status).toBe(403);
    expect(heard(scene.carrier(), 'INVITE')).toHaveLength(0);

    const own = await scene.call(uri, { to: { ...scene.place(transport, 'core'), transport } });
    scene.carrier().answer(await scene.carrier().expect('INVITE'), 486);
    expect((await own.final()).status).toBe(486);
  },
);

test('where it has none, its address is what it is known by', async () => {
  const nodes = [{ answersOptions: false }];
  await using scene = await aScene({ nodes });
  const phone = await scene.registered();
  await scene.call();
  await phone.expect('INVITE');
});
