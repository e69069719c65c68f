import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { aScene } from './scene.ts';

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
