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

test('where it has none, its address is what it is known by', async () => {
  const nodes = [{ answersOptions: false }];
  await using scene = await aScene({ nodes });
  const phone = await scene.registered();
  await scene.call();
  await phone.expect('INVITE');
});
