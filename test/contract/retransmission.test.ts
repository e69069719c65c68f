import { describe, expect, test } from 'vitest';
import { eventually, pause } from '../support/eventually.ts';
import type { Received } from '../support/sip-party.ts';
import type { readSip } from '../support/sip-text.ts';
import { expectDoubling, gaps, refusedInvite } from './repetitions.ts';
import { aScene, at, heard, requestText, speak } from './scene.ts';

describe.concurrent('a forwarded request', () => {
  test.each(['MESSAGE', 'INVITE'])(
    'over udp: %s is repeated after 500, 1000, 2000 ms until it is answered',
    async (method) => {
      await using scene = await aScene();
      const { phone, pbx } = scene;
      const sent = phone.request(method, 'sip:x');
      await eventually(() => heard(pbx, method).length === 4, 'three repetitions');
      const all = heard(pbx, method);
      expect(new Set(all.map(({ text }) => text)).size).toBe(1);
      expectDoubling(all);
      pbx.answer(await pbx.expect(method), 404);
      await phone.finalAnswer(sent);
      await pause(1000);
      expect(heard(pbx, method)).toHaveLength(4);
    },
  );

  test('over udp: an INVITE is not repeated once it rings (§17.1.1.2)', async () => {
    await using scene = await aScene();
    const { phone, pbx } = scene;
    const call = await phone.invite('1002');
    const invite = await pbx.expect('INVITE');
    await eventually(() => heard(pbx, 'INVITE').length === 2, 'one repetition');
    pbx.answer(invite, 180);
    await call.rings();
    await pause(2500);
    expect(heard(pbx, 'INVITE')).toHaveLength(2);
  });

  test('over udp: a MESSAGE is still repeated after a provisional answer, every 4 s (§17.1.2.2)', async () => {
    await using scene = await aScene();
    const { phone, pbx } = scene;
    phone.request('MESSAGE', 'sip:x');
    const arrived = await pbx.expect('MESSAGE');
    pbx.answer(arrived, 100);
    await eventually(() => heard(pbx, 'MESSAGE').length === 3, 'two repetitions');
    const [first = 0, second = 0] = gaps(heard(pbx, 'MESSAGE'));
    expect(first).toBeLessThan(2000);
    expect(second).toBeGreaterThan(3600);
  });

  test.each(['MESSAGE', 'INVITE'])('over tcp: %s is never repeated', async (method) => {
    await using scene = await aScene();
    const { gate, phone, pbx } = scene;
    gate.forwards({ targets: [at(pbx, { transport: 'tcp' })] });
    phone.request(method, 'sip:x');
    await pbx.expect(method);
    await pause(1800);
    expect(heard(pbx, method)).toHaveLength(1);
  });

  test.each([
    ['MESSAGE', 200],
    ['MESSAGE', 404],
    ['INVITE', 486],
  ])(
    'a repeated %s is absorbed while it waits, and answered by the %i again when it has one',
    async (method, status) => {
      await using scene = await aScene();
      const { phone, pbx } = scene;
      const sent = requestText(phone, method);
      speak(phone, sent);
      const arrived = await pbx.expect(method);
      speak(phone, sent);
      await pause(150);
      pbx.answer(arrived, status);
      await phone.expect(status);
      speak(phone, sent);
      await eventually(() => heard(phone, status).length === 2, 'the lost answer again');
      const [gap] = gaps(heard(phone, status));
      expect(gap, 'of itself a refusal comes again after 500 ms').toBeLessThan(480);
      expect(heard(pbx, method)).toHaveLength(1);
    },
  );

  test('a final answer that comes twice is passed on once (§17.1.2.2)', async () => {
    await using scene = await aScene();
    const { phone, pbx } = scene;
    phone.request('MESSAGE', 'sip:x');
    const arrived = await pbx.expect('MESSAGE');
    pbx.answer(arrived, 200);
    pbx.answer(arrived, 200);
    await phone.expect(200);
    await phone.silence(150);
  });

  test('a repeated INVITE that rings is answered by the ringing again (§17.2.1)', async () => {
    await using scene = await aScene();
    const { phone, pbx } = scene;
    const sent = requestText(phone, 'INVITE');
    speak(phone, sent);
    pbx.answer(await pbx.expect('INVITE'), 180);
    await phone.expect(180);
    speak(phone, sent);
    await eventually(() => heard(phone, 180).length === 2, 'the ringing again');
    expect(heard(pbx, 'INVITE')).toHaveLength(1);
  });
});

describe.concurrent('a refused INVITE', () => {
  const ackOf = (sent: ReturnType<typeof readSip>, refusal: Received) =>
    [
      `ACK ${sent.uri} SIP/2.0`,
      `Via: ${sent.header('Via')}`,
      `From: ${sent.header('From')}`,
      `To: ${refusal.header('To')}`,
      `Call-ID: ${sent.callId}`,
      `CSeq: ${sent.cseq} ACK`,
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n');

  test('over udp: the refusal is repeated until the ACK comes, then no more (§17.2.1)', async () => {
    const { scene, phone, sent, refusal } = await refusedInvite('udp');
    await using _ = scene;
    await eventually(() => heard(phone, 486).length === 3, 'two repetitions');
    expectDoubling(heard(phone, 486));
    speak(phone, ackOf(sent, refusal));
    await pause(2500);
    expect(heard(phone, 486)).toHaveLength(3);
  });

  test('over tcp: the refusal is not repeated', async () => {
    const { scene, phone } = await refusedInvite('tcp');
    await using _ = scene;
    await pause(1800);
    expect(heard(phone, 486)).toHaveLength(1);
  });

  test("keeps the caller's own ACK from going further", async () => {
    const { scene, phone, pbx, sent, refusal } = await refusedInvite('udp');
    await using _ = scene;
    await pbx.expect('ACK');
    speak(phone, ackOf(sent, refusal));
    await pbx.silence(300).catch((problem: Error) => problem); // what was unread has been read above
    expect(heard(pbx, 'ACK')).toHaveLength(1);
  });
});

describe.concurrent('an answered INVITE', () => {
  test('over udp: its ACK is not repeated by us', async () => {
    await using scene = await aScene();
    await scene.talk();
    await pause(1300);
    expect(heard(scene.pbx, 'ACK')).toHaveLength(1);
  });
});

test.concurrent('a refused INVITE is acknowledged, and so is every repetition of the refusal', async () => {
  await using scene = await aScene();
  const { phone, pbx } = scene;
  const call = await phone.invite('1002');
  const invite = await pbx.expect('INVITE');
  pbx.answer(invite, 486);
  expect((await call.final()).status).toBe(486);
  const ack = await pbx.expect('ACK');
  expect([ack.uri, ack.branch, ack.toTag]).toEqual([
    invite.uri,
    invite.branch,
    pbx.tagFor(invite.callId),
  ]);
  pbx.answer(invite, 486);
  await eventually(() => heard(pbx, 'ACK').length === 2, 'an ACK for the repeated 486');
});

test.concurrent('an answered INVITE has its ACK carried on, with whatever it holds, and never answered', async () => {
  await using scene = await aScene();
  const { phone, pbx } = scene;
  const call = await phone.invite('1002');
  const invite = await pbx.expect('INVITE');
  pbx.answer(invite, 200);
  call.establish(await phone.expect(200));
  await pbx.silence(100);
  call.acknowledge({ headers: { 'X-Late': 'offer' }, body: 'v=0\r\n' });
  const ack = await pbx.expect('ACK');
  expect(ack.branch).not.toBe(invite.branch);
  expect([ack.header('X-Late'), ack.body, ack.cseq]).toEqual(['offer', 'v=0\r\n', invite.cseq]);
  await phone.silence(100);
});
