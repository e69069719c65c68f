import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { aScene, requestText, speak } from './scene.ts';

test('strangers who fill the transaction table leave room for the PBX and for live calls', async () => {
  await using scene = await aScene({ limits: { transactions: 8 } });
  const { gate, phone, pbx } = scene;
  const { caller } = await scene.talk();
  const stranger = await scene.anotherPhone();
  const decide = gate.decide;
  gate.decide = (incoming) => incoming.routed && decide(incoming);
  const before = gate.seen.length;
  for (let sent = 0; sent < 8; sent++) speak(stranger, requestText(stranger, 'MESSAGE'));
  await eventually(() => gate.seen.length === before + 8, 'the table is full');

  for (const party of [stranger, phone]) {
    const refused = await party.finalAnswer(party.request('MESSAGE', 'sip:1002@example.test'));
    expect([refused.status, refused.header('Retry-After')]).toEqual([503, '5']);
  }
  const info = caller.request('INFO');
  const arrived = await pbx.expect('INFO');
  const to = gate.listener('udp', 'core');
  pbx.request('MESSAGE', 'sip:1001@example.test', { to });
  await eventually(() => gate.seen.length === before + 10, 'one more of each');
  // the room is not without end either
  const refused = await pbx.finalAnswer(pbx.request('MESSAGE', 'sip:1001@example.test', { to }));
  expect(refused.status).toBe(503);
  pbx.answer(arrived, 200);
  expect((await phone.finalAnswer(info)).status).toBe(200);
});
