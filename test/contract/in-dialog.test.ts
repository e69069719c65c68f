import { describe, expect, test } from 'vitest';
import type { Target } from '../../src/edge/signaling.ts';
import { eventually } from '../support/eventually.ts';
import { calledSide } from '../support/sip-call.ts';
import { contactOf, type SipParty } from '../support/sip-party.ts';
import { uriOf } from '../support/sip-text.ts';
import { aScene, at, requestText, speak } from './scene.ts';

describe.each(['udp', 'tcp', 'tls', 'ws'] as const)(
  'in a call from a phone over %s',
  (transport) => {
    test.each(['caller', 'called'] as const)('the %s hangs up, and the call ends', async (who) => {
      await using scene = await aScene({ phone: { transport } });
      const { gate, phone, pbx } = scene;
      const talk = await scene.talk();
      const [listed] = gate.calls();
      expect(listed).toMatchObject({
        callId: talk.caller.callId,
        caller: { transport, address: phone.address },
        callee: { transport: 'udp', address: pbx.address, port: pbx.port },
      });
      expect(listed?.from).toContain(talk.caller.invite.fromTag);
      expect(listed?.to).toContain(pbx.tagFor(talk.invite.callId));
      expect(Math.abs(Date.now() - (listed?.startedAt ?? 0))).toBeLessThan(5000);
      const other = who === 'caller' ? pbx : phone;
      const bye = talk[who].bye();
      other.answer(await other.expect('BYE'), 200);
      await bye;
      await eventually(() => gate.ended.length > 0, 'the end');
      expect(gate.started.map(({ id }) => id)).toEqual([listed?.id]);
      expect(gate.ended.map(({ call, why }) => [call.id, why])).toEqual([[listed?.id, 'bye']]);
      expect(gate.calls()).toEqual([]);
    });

    test('a party behind NAT is reached where it really is, not where its Contact says', async () => {
      await using scene = await aScene({ phone: { transport }, mayReach: () => false });
      const { phone } = scene;
      const { called } = await scene.talk({ headers: { Contact: '<sip:1001@192.0.2.200:5062>' } });
      const bye = called.bye();
      const arrived = await phone.expect('BYE');
      expect(arrived.uri).toBe('sip:1001@192.0.2.200:5062');
      phone.answer(arrived, 200);
      await bye;
    });
  },
);

test('a call is listed from its first 2xx on, not before; one that is refused never is', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  const refused = await phone.invite('1002');
  const first = await pbx.expect('INVITE');
  pbx.answer(first, 180);
  await refused.rings();
  expect(gate.calls()).toEqual([]);
  pbx.answer(first, 486);
  await refused.final();
  await scene.talk();
  expect(gate.calls()).toHaveLength(1);
  expect([gate.started.length, gate.ended.length]).toEqual([1, 0]);
});

test('whoever is asked inside a call is the target whose answer is seen', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  const { called } = await scene.talk();
  const targets: Target[] = [];
  gate.decide = (incoming) =>
    incoming.forward({
      targets: 'as-routed',
      onAnswer: (_answer, target) => {
        targets.push(target);
        return [{ name: 'X-Seen', value: 'yes' }];
      },
    });
  const asked = called.ask('INFO');
  phone.answer(await phone.expect('INFO'), 200);
  expect((await asked).header('X-Seen')).toBe('yes');
  const { address, port } = phone;
  expect(targets).toMatchObject([{ nextHop: { realm: 'access', address, port } }]);
});

test('a re-INVITE that is refused leaves the call as it was', async () => {
  await using scene = await aScene();
  const { gate, pbx } = scene;
  const { caller } = await scene.talk();
  const again = caller.ask('INVITE');
  pbx.answer(await pbx.expect('INVITE'), 488);
  expect((await again).status).toBe(488);
  expect(gate.calls()).toHaveLength(1);
  expect(gate.ended).toEqual([]);
});

test.each([481, 408])(
  'a call that one party has forgotten (%i) is over: lost (§12.2.1.2)',
  async (status) => {
    await using scene = await aScene();
    const { gate, pbx } = scene;
    const { caller } = await scene.talk();
    const again = caller.ask('INVITE');
    pbx.answer(await pbx.expect('INVITE'), status);
    await again;
    await eventually(() => gate.ended.length > 0, 'the end');
    expect(gate.ended.map(({ why }) => why)).toEqual(['lost']);
  },
);

test('what follows goes to the Contact of the answer, when that is not who sent the answer', async () => {
  await using scene = await aScene();
  const { phone, pbx } = scene;
  const node = await scene.anotherPbx();
  const caller = await phone.invite('1002');
  pbx.answer(await pbx.expect('INVITE'), 200, { headers: { Contact: `<${node.uri}>` } });
  await caller.answered();
  expect((await node.expect('ACK')).uri).toBe(node.uri);
  caller.request('BYE');
  expect((await node.expect('BYE')).uri).toBe(node.uri);
});

test('what follows goes by the transport and to the maddr that the Contact names, not over the flow the answer came by', async () => {
  await using scene = await aScene();
  const { phone, pbx } = scene;
  const elsewhere = await scene.anotherPbx({ address: '127.0.0.7', port: pbx.port });
  const target = { tcp: `${pbx.uri};transport=TCP`, maddr: `${pbx.uri};maddr=127.0.0.7` };
  const overTcp = await phone.invite('1002');
  pbx.answer(await pbx.expect('INVITE'), 200, { headers: { Contact: `<${target.tcp}>` } });
  await overTcp.answered();
  overTcp.request('BYE');
  for (const method of ['ACK', 'BYE']) {
    const { uri, from } = await pbx.expect(method);
    expect([uri, from.transport]).toEqual([target.tcp, 'tcp']);
  }
  const byMaddr = await phone.invite('1003');
  pbx.answer(await pbx.expect('INVITE'), 200, { headers: { Contact: `<${target.maddr}>` } });
  await byMaddr.answered();
  expect((await elsewhere.expect('ACK')).uri).toBe(target.maddr);
});

test.each(['udp', 'tcp', 'tls', 'ws'] as const)(
  'in a call from a phone over %s whatever one side sends reaches the other, routed, at its own Contact',
  async (transport) => {
    await using scene = await aScene({ phone: { transport } });
    const { gate, phone, pbx } = scene;
    const { caller, called } = await scene.talk();
    await gate.request('INVITE');
    const sides = [
      { from: caller, answerer: pbx as SipParty },
      { from: called, answerer: phone as SipParty },
    ];
    for (const { from, answerer } of sides)
      for (const method of ['INVITE', 'INFO', 'UPDATE', 'REFER', 'MESSAGE', 'NOTIFY']) {
        const headers = { 'X-Method': method, 'Content-Type': 'text/plain' };
        const asked = from.ask(method, { headers, body: `of ${method}` });
        const arrived = await answerer.expect(method);
        expect(arrived.uri).toBe(uriOf(answerer.contact));
        expect(arrived.headers('Route')).toEqual([]);
        expect([arrived.header('X-Method'), arrived.body]).toEqual([method, `of ${method}`]);
        const incoming = await gate.request(method);
        expect(incoming.routed).toBe(true);
        expect(incoming.call?.callId).toBe(caller.callId);
        answerer.answer(arrived, 200, { headers: { 'X-Answer': method } });
        const answer = await asked;
        expect([answer.status, answer.header('X-Answer')]).toEqual([200, method]);
        if (method === 'INVITE') await answerer.expect('ACK');
      }
  },
);

test('before the answer PRACK and UPDATE find their way, from both sides (RFC 3262, 3311)', async () => {
  await using scene = await aScene({ mayReach: () => true });
  const { phone, pbx } = scene;
  const call = await phone.invite('1002', { headers: { Supported: '100rel' } });
  const invite = await pbx.expect('INVITE');
  pbx.answer(invite, 183, { headers: { Require: '100rel', RSeq: '1' }, body: 'v=0\r\n' });
  const early = await phone.expect(183);
  call.establish(early);
  const RAck = `${early.header('RSeq')} ${early.header('CSeq')}`;
  const prack = call.ask('PRACK', { headers: { RAck, 'X-In': 'prack' } });
  const arrived = await pbx.expect('PRACK');
  expect([arrived.header('RAck'), arrived.header('X-In')]).toEqual([
    `1 ${invite.header('CSeq')}`,
    'prack',
  ]);
  pbx.answer(arrived, 200);
  expect((await prack).status).toBe(200);
  for (const [from, to] of [
    [calledSide(pbx, invite), phone],
    [call, pbx],
  ] as const) {
    const update = from.ask('UPDATE');
    to.answer(await to.expect('UPDATE'), 200);
    expect((await update).status).toBe(200);
  }
});

test('a re-INVITE starts no second call', async () => {
  await using scene = await aScene();
  const { gate, pbx } = scene;
  const { caller } = await scene.talk();
  const again = caller.ask('INVITE');
  pbx.answer(await pbx.expect('INVITE'), 200);
  await again;
  expect([gate.started.length, gate.calls().length]).toEqual([1, 1]);
});

test('what follows a target refresh goes to the newest Contact (§12.2)', async () => {
  await using scene = await aScene();
  const { phone } = scene;
  const { caller, called } = await scene.talk();
  const moved = await scene.anotherPbx();
  const asked = called.ask('INVITE', { headers: { Contact: `<${moved.uri}>` } });
  const again = await phone.expect('INVITE');
  phone.answer(again, 200);
  await asked;
  await phone.expect('ACK');
  const bye = phone.request('BYE', contactOf(again), {
    headers: {
      From: again.header('To'),
      To: again.header('From'),
      'Call-ID': again.callId,
      CSeq: `${caller.cseq + 1} BYE`,
      Route: caller.routes,
    },
  });
  const arrived = await moved.expect('BYE');
  expect(arrived.uri).toBe(moved.uri);
  moved.answer(arrived, 200);
  expect((await phone.finalAnswer(bye)).status).toBe(200);
});

test('a request that belongs to nothing is refused 481, and so is one that guesses at a call, which goes on', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  const { caller } = await scene.talk();
  gate.decide = (incoming) => incoming.answer(incoming.routed ? 500 : 481);
  speak(phone, requestText(phone, 'BYE', { To: '<sip:1002@example.test>;tag=gone' }));
  expect((await phone.expect(481)).toTag).toBe('gone');
  const stranger = await scene.anotherPhone();
  const to = `${caller.invite.header('To')};tag=guess`;
  stranger.request('BYE', 'sip:x', { headers: { 'Call-ID': caller.callId, To: to } });
  await stranger.expect(481);
  expect(gate.calls()).toHaveLength(1);
});

test.each(['udp', 'tcp'] as const)(
  'a subscription over %s has its NOTIFYs and refreshes carried both ways, routed, and is no call',
  async (transport) => {
    await using scene = await aScene({ mayReach: () => true, phone: { transport } });
    const { gate, phone, pbx } = scene;
    gate.forwards({ targets: [at(pbx)], recordRoute: true });
    const begin = phone.request('SUBSCRIBE', 'sip:1002@example.test', {
      headers: { Event: 'dialog', Expires: '300' },
    });
    const arrived = await pbx.expect('SUBSCRIBE');
    pbx.answer(arrived, 200, { headers: { Expires: '300' } });
    const ok = await phone.finalAnswer(begin);
    expect(ok.header('Expires')).toBe('300');
    const sent = calledSide(pbx, arrived).request('NOTIFY', {
      headers: { Event: 'dialog', 'Subscription-State': 'active' },
    });
    const notify = await phone.expect('NOTIFY');
    expect(notify.header('Subscription-State')).toBe('active');
    phone.answer(notify, 200);
    expect((await pbx.finalAnswer(sent)).status).toBe(200);
    const again = phone.request('SUBSCRIBE', uriOf(ok.header('Contact') ?? ''), {
      headers: {
        From: begin.header('From'),
        To: ok.header('To'),
        'Call-ID': begin.callId,
        CSeq: '2 SUBSCRIBE',
        Event: 'dialog',
        Route: ok.list('Record-Route').toReversed(),
      },
    });
    const refresh = await pbx.expect('SUBSCRIBE');
    pbx.answer(refresh, 200);
    expect((await phone.finalAnswer(again)).status).toBe(200);
    expect(gate.seen.map(({ routed, call }) => [routed, call])).toEqual([
      [false, undefined],
      [true, undefined],
      [true, undefined],
    ]);
    expect(gate.started).toEqual([]);
  },
);
