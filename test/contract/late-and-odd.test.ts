import { expect, test } from 'vitest';
import { eventually, pause } from '../support/eventually.ts';
import { readSip } from '../support/sip-text.ts';
import { aScene, at, heard, requestText, speak } from './scene.ts';

test.concurrent('an ACK to a 2xx that reuses the branch of its INVITE reaches the callee all the same', async () => {
  await using scene = await aScene({ mayReach: () => true });
  const { phone, pbx } = scene;
  const sent = requestText(phone, 'INVITE');
  speak(phone, sent);
  const invite = await pbx.expect('INVITE');
  pbx.answer(invite, 200);
  const ok = await phone.expect(200);
  const s = readSip(sent);
  const routes = ok
    .list('Record-Route')
    .toReversed()
    .map((r) => `Route: ${r}`);
  speak(
    phone,
    [
      `ACK sip:pbx@127.0.0.1:${pbx.port} SIP/2.0`,
      `Via: ${s.header('Via')}`,
      ...routes,
      `From: ${s.header('From')}`,
      `To: ${ok.header('To')}`,
      `Call-ID: ${s.callId}`,
      `CSeq: ${s.cseq} ACK`,
      'Max-Forwards: 70',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
  );
  await eventually(() => heard(pbx, 'ACK').length === 1, 'the ACK');
});

test.concurrent('a target passed over that fails later does not launch a further one', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  const second = await scene.anotherPbx();
  const third = await scene.anotherPbx();
  gate.forwards({
    targets: [at(pbx), at(second), at(third)],
    tryNextAfterMs: 1000,
    recordRoute: true,
  });
  await phone.invite('1002');
  const slow = await pbx.expect('INVITE');
  const inv2 = await second.expect('INVITE');
  second.answer(inv2, 100);
  pbx.answer(slow, 503);
  await pause(300);
  expect(heard(third, 'INVITE')).toHaveLength(0);
});

test.concurrent('the 487 of a target passed over does not end the search', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  const second = await scene.anotherPbx();
  const third = await scene.anotherPbx();
  pbx.always('CANCEL', (c) => void pbx.answer(c, 200));
  gate.forwards({
    targets: [at(pbx), at(second), at(third)],
    tryNextAfterMs: 1000,
    recordRoute: true,
  });
  await phone.invite('1002');
  const slow = await pbx.expect('INVITE');
  await second.expect('INVITE');
  pbx.answer(slow, 100);
  await pause(50);
  pbx.answer(slow, 487);
  await third.expect('INVITE');
});

test.concurrent('the 487 of a target passed over is not what the caller is told', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  const second = await scene.anotherPbx();
  pbx.always('CANCEL', (cancel) => pbx.answer(cancel, 200));
  gate.forwards({
    targets: [at(pbx), at(second)],
    tryNextAfterMs: 300,
    recordRoute: true,
  });
  const call = await phone.invite('1002');
  const slow = await pbx.expect('INVITE');
  const last = await second.expect('INVITE');
  pbx.answer(slow, 487);
  await pause(50);
  second.answer(last, 500);
  expect((await call.final()).status).toBe(500);
});

test.concurrent('a REGISTER whose first target was silent is told what the second said', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  const second = await scene.anotherPbx();
  gate.forwards({ targets: [at(pbx), at(second)], tryNextAfterMs: 300 });
  const sent = phone.request('REGISTER', 'sip:x');
  await pbx.expect('REGISTER');
  second.answer(await second.expect('REGISTER'), 500);
  expect((await phone.finalAnswer(sent)).status).toBe(500);
});

test.concurrent('a 481 to a NOTIFY ends that subscription, not the call (RFC 5057)', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  const { called } = await scene.talk();
  const asked = called.ask('NOTIFY', {
    headers: { Event: 'refer', 'Subscription-State': 'active' },
  });
  phone.answer(await phone.expect('NOTIFY'), 481);
  await asked;
  expect(gate.calls()).toHaveLength(1);
});

test.concurrent('a call goes by what its INVITE says, whatever the callee puts into the 2xx', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  await phone.invite('1002');
  const invite = await pbx.expect('INVITE');
  pbx.answer(invite, 200, { headers: { 'Call-ID': 'of-another', From: '<sip:x@y>;tag=another' } });
  await phone.expect(200);
  const { callId, fromTag } = (await gate.request('INVITE')).request;
  expect(gate.calls().map(({ id }) => id.split(';to-tag=')[0])).toEqual([
    `${callId};from-tag=${fromTag}`,
  ]);
});

test.concurrent('each branch of a fork gets its share of Max-Breadth (RFC 5393 §5.3.3)', async () => {
  await using scene = await aScene();
  const { phone, pbx } = scene;
  const b = await scene.anotherPbx();
  scene.gate.forwards({ targets: [at(pbx), at(b)], parallel: true });
  await phone.invite('1002', { headers: { 'Max-Breadth': '4' } });
  const [x, y] = [await pbx.expect('INVITE'), await b.expect('INVITE')];
  expect(Number(x.header('Max-Breadth')) + Number(y.header('Max-Breadth'))).toBeLessThanOrEqual(4);
});
