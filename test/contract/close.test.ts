import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { aScene, at } from './scene.ts';

test('after close nothing is answered, and every connection is closed', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  const overTcp = await scene.anotherPhone({ transport: 'tcp' });
  gate.decide = (incoming) => incoming.answer(200);
  for (const one of [phone, overTcp]) await one.finalAnswer(one.request('OPTIONS', 'sip:x'));
  await gate.serving.close();
  await overTcp.disconnected();
  phone.request('OPTIONS', 'sip:x');
  await phone.silence(200);
  const refused = await new Promise((resolve) => {
    const { address, port } = gate.listener('tcp');
    connect(port, address).once('error', resolve).once('connect', resolve);
  });
  expect(refused).toMatchObject({ code: 'ECONNREFUSED' });
});

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

test('close can be asked for twice', async () => {
  await using scene = await aScene();
  await scene.gate.serving.close();
  await scene.gate.serving.close();
});

test('close leaves no socket and no timer behind', async () => {
  const before = handles();
  {
    await using scene = await aScene();
    const { gate, phone, pbx } = scene;
    gate.forwards({
      targets: [{ nextHop: `${pbx.uri};transport=tcp`, realm: 'core' }],
      recordRoute: true,
    });
    await phone.invite('1002');
    await pbx.expect('INVITE');
    expect(handles().length).toBeGreaterThan(before.length);
  }
  await eventually(() => handles().length <= before.length, `only ${before.join()} left`);
});

const handles = () =>
  process
    .getActiveResourcesInfo()
    .filter((kind) => /UDP|TCP|TLS|Timeout|Immediate/.test(kind))
    .sort();
