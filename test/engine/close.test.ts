import { expect, test } from 'vitest';
import { aScene, at } from '../contract/scene.ts';

test('close forgets what was going on: nothing is sent, tried or reported any more', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  const call = await phone.invite('1002');
  const accepting = pbx.accept(await pbx.expect('INVITE'), {
    headers: { 'Session-Expires': '1;refresher=uac' }, // its end would be reported
  });
  await call.answered();
  await accepting;
  const failed: unknown[] = [];
  gate.forwards({
    targets: [at(pbx), at(pbx)],
    tryNextAfterMs: 600,
    onTargetFailed: (target) => failed.push(target),
    onDone: (status) => failed.push(status),
  });
  await phone.invite('1003'); // unanswered: it would be repeated, and tried elsewhere
  await pbx.expect('INVITE');
  const outcomes: unknown[] = [];
  gate.serving.send(
    {
      method: 'OPTIONS',
      target: at(pbx),
      requestUri: 'sip:x',
      from: 'sip:gate@x',
      to: 'sip:x',
      timeoutMs: 700,
    },
    (outcome) => outcomes.push(outcome),
  );
  await pbx.expect('OPTIONS');
  await gate.serving.close();
  phone.forget();
  pbx.forget();
  await Promise.all([phone.silence(1500), pbx.silence(1500)]);
  expect([gate.ended, failed, outcomes]).toEqual([[], [], []]);
});
