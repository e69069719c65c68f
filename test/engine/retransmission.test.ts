import { describe, expect, test } from 'vitest';
import type { Flow } from '../../src/edge/signaling.ts';
import { expectDoubling, refusedInvite } from '../contract/repetitions.ts';
import { aScene, heard } from '../contract/scene.ts';
import { eventually, pause } from '../support/eventually.ts';

describe.concurrent('a refused INVITE', () => {
  test.each([
    ['whom nobody knows', false, 4],
    ['who is known to hear us', true, 5],
  ])(
    'over udp: to a source %s (%s) the refusal goes out %i times within 8 s when no ACK comes',
    async (_who, known, times) => {
      const asked: string[] = [];
      const hears = (flow: Flow) => {
        asked.push(flow.address);
        return known;
      };
      const { scene, phone } = await refusedInvite('udp', { hears });
      await using _ = scene;
      await eventually(() => heard(phone, 486).length === 4, 'three repetitions');
      expectDoubling(heard(phone, 486));
      await pause(5000);
      expect(heard(phone, 486)).toHaveLength(times);
      expect(asked[0]).toBe(phone.address);
    },
  );

  test('is acknowledged by us, hop by hop, at once and for every repetition (§17.1.1.3)', async () => {
    const { scene, pbx, invite, sent } = await refusedInvite('udp');
    await using _ = scene;
    const ack = await pbx.expect('ACK');
    expect(ack.uri).toBe(invite.uri);
    expect(ack.list('Via')).toEqual(invite.list('Via').slice(0, 1));
    expect(ack.header('From')).toBe(sent.header('From'));
    expect(ack.toTag).toBe(pbx.tagFor(invite.callId));
    expect(ack.header('CSeq')).toBe(`${sent.cseq} ACK`);
    expect(ack.callId).toBe(sent.callId);
    pbx.answer(invite, 486);
    await eventually(() => heard(pbx, 'ACK').length === 2, 'an ACK for the repeated 486');
  });
});

describe.concurrent('an answered INVITE', () => {
  test('has every repetition of its 200 passed on, and every ACK (§16.7, §13.3.1.4)', async () => {
    await using scene = await aScene();
    const { phone, pbx } = scene;
    const call = await phone.invite('1002');
    const invite = await pbx.expect('INVITE');
    pbx.answer(invite, 200);
    const ok = await phone.expect(200);
    pbx.answer(invite, 200);
    await eventually(() => heard(phone, 200).length === 2, 'the 200 again');
    call.establish(ok);
    call.acknowledge();
    call.acknowledge();
    await eventually(() => heard(pbx, 'ACK').length === 2, 'both ACKs');
  });

  test('has its ACK carried end to end, with whatever it holds, and never answered', async () => {
    await using scene = await aScene();
    const { phone, pbx } = scene;
    const call = await phone.invite('1002');
    const invite = await pbx.expect('INVITE');
    pbx.answer(invite, 200);
    call.establish(await phone.expect(200));
    const sent = call.acknowledge({ headers: { 'X-Late': 'offer' }, body: 'v=0\r\n' });
    const ack = await pbx.expect('ACK');
    expect(ack.list('Via')).toHaveLength(2);
    expect(ack.branch).not.toBe(invite.branch);
    expect(ack.headers('Route')).toEqual([]);
    expect([ack.header('X-Late'), ack.body]).toEqual(['offer', 'v=0\r\n']);
    expect(ack.header('CSeq')).toBe(sent.header('CSeq'));
    expect(ack.uri).toBe(sent.uri);
    await phone.silence(100);
  });
});
