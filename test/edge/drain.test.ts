import { expect, test } from 'vitest';
import { heard } from '../contract/scene.ts';
import { aScene, statusOf } from './scene.ts';

test('an edge that drains takes no new calls from anybody; what there is goes on', async () => {
  await using scene = await aScene({ carriers: 1 });
  const { pbx } = scene;
  const phone = await scene.registered();
  const caller = await phone.invite('1002');
  const accepting = pbx.accept(await pbx.expect('INVITE'));
  await caller.answered();
  const callee = await accepting;
  const before = heard(pbx, 'INVITE').length;

  scene.running.drain();
  const refused = await (await phone.invite('1003')).final();
  expect([refused.status, refused.header('Retry-After')]).toEqual([503, '7']);
  expect(await scene.refused(scene.contact())).toBe(503);
  const carrier = scene.carrier();
  const incoming = await carrier.invite('sip:+4930@127.0.0.1', { to: scene.place() });
  expect((await incoming.final()).status).toBe(503);
  expect(heard(pbx, 'INVITE')).toHaveLength(before);

  await phone.register();
  const { address, port } = scene.place();
  expect(await statusOf(phone, 'OPTIONS', `sip:${address}:${port}`)).toBe(503); // RFC 3261 §11.2: as an INVITE
  const held = caller.ask('INVITE');
  await pbx.accept(await pbx.expect('INVITE'));
  await held;
  const bye = callee.ask('BYE');
  phone.answer(await phone.expect('BYE'), 200);
  expect((await bye).status).toBe(200);
});

test('a reload changes what it may while it drains', async () => {
  await using scene = await aScene();
  const phone = await scene.phone();
  scene.running.drain();
  scene.reload({ drain: { retryAfterSeconds: 99 } });
  expect((await (await phone.invite('1')).final()).header('Retry-After')).toBe('99');
});
