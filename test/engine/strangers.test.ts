import { expect, test } from 'vitest';
import { aScene } from '../contract/scene.ts';

test.each([401, 407, 302, 486, 603])(
  'an INVITE that the PBX answers %i learns nothing of our route: that opens no dialog',
  async (status) => {
    await using scene = await aScene();
    const { phone, pbx } = scene;
    const call = await phone.invite('1002');
    const invite = await pbx.expect('INVITE');
    const routes = invite.headers('Record-Route');
    expect(routes).not.toEqual([]);
    pbx.answer(invite, 180);
    expect((await call.rings()).headers('Record-Route')).toEqual(routes);
    pbx.answer(invite, status, { headers: { 'Record-Route': routes } });
    expect((await call.final()).header('Record-Route')).toBeUndefined();
  },
);
