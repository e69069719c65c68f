import { expect, test } from 'vitest';
import { heard, requestText, speak } from '../contract/scene.ts';
import type { Phone } from '../support/a-phone.ts';
import { pause } from '../support/eventually.ts';
import { aScene, type Scene } from './scene.ts';

/** An INVITE that the PBX refuses, and whose refusal is never acknowledged, as if somebody had forged the source. */
async function refusedUnacknowledged({ pbx }: Scene, phone: Phone): Promise<void> {
  const text = requestText(phone, 'INVITE');
  speak(phone, text);
  const id = /Call-ID: (\S+)/.exec(text)?.[1];
  pbx.answer(await pbx.expect(({ method, callId }) => method === 'INVITE' && callId === id), 403);
}

test('who has not proved to hear us gets a refusal four times at most; the registered, and one in a call, as often as ever', async () => {
  await using scene = await aScene();
  const [stranger, gone, registered, talking] = await Promise.all(
    ['1001', '1002', '1003', '1004'].map((user) => scene.phone({ user })),
  );
  if (!(stranger && gone && registered && talking)) throw new Error('four phones');
  await Promise.all([gone.register(), registered.register()]);
  const call = await talking.invite('1009');
  const accepting = scene.pbx.accept(await scene.pbx.expect('INVITE'));
  await call.answered();
  await accepting;
  for (const phone of [stranger, gone, registered, talking])
    await refusedUnacknowledged(scene, phone);
  await gone.unregister();

  await pause(9500);
  const refusals = (phone: Phone) => heard(phone, 403).length;
  expect([stranger, gone, registered, talking].map(refusals)).toEqual([4, 4, 5, 5]);
});
