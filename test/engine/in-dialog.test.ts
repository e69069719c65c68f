import { describe, expect, test } from 'vitest';
import type { Flow } from '../../src/edge/signaling.ts';
import { aScene, at, heard, requestText, speak } from '../contract/scene.ts';
import { eventually } from '../support/eventually.ts';
import { calledSide } from '../support/sip-call.ts';
import type { SipParty } from '../support/sip-party.ts';
import { uriOf } from '../support/sip-text.ts';

const METHODS = ['INVITE', 'INFO', 'UPDATE', 'REFER', 'MESSAGE', 'NOTIFY', 'FROB'];

describe.each(['udp', 'tcp', 'tls', 'ws'] as const)(
  'in a call from a phone over %s',
  (transport) => {
    test('whatever one side sends reaches the other, routed, without our Routes', async () => {
      await using scene = await aScene({ phone: { transport } });
      const { gate, phone, pbx } = scene;
      const { caller, called } = await scene.talk();
      await gate.request('INVITE');
      const sides = [
        { from: caller, answerer: pbx as SipParty },
        { from: called, answerer: phone as SipParty },
      ];
      for (const { from, answerer } of sides)
        for (const method of METHODS) {
          const asked = from.ask(method, { headers: { 'X-Method': method } });
          const arrived = await answerer.expect(method);
          expect(arrived.uri).toBe(from.remoteTarget);
          expect(arrived.headers('Route')).toEqual([]);
          expect(arrived.list('Via')).toHaveLength(2);
          const incoming = await gate.request(method);
          expect(incoming.routed).toBe(true);
          expect(incoming.call?.callId).toBe(caller.callId);
          answerer.answer(arrived, 200);
          expect((await asked).status).toBe(200);
          if (method === 'INVITE') await answerer.expect('ACK');
        }
    });
  },
);

test('before the answer PRACK and UPDATE find their way by the route set, from both sides (RFC 3262, 3311)', async () => {
  await using scene = await aScene({ mayReach: () => true });
  const { phone, pbx } = scene;
  const call = await phone.invite('1002', { headers: { Supported: '100rel' } });
  const invite = await pbx.expect('INVITE');
  pbx.answer(invite, 183, { headers: { Require: '100rel', RSeq: '1' }, body: 'v=0\r\n' });
  call.establish(await phone.expect(183));
  const prack = call.ask('PRACK', { headers: { RAck: '1 1 INVITE' } });
  const arrived = await pbx.expect('PRACK');
  expect([arrived.header('RAck'), arrived.headers('Route')]).toEqual(['1 1 INVITE', []]);
  pbx.answer(arrived, 200);
  expect((await prack).status).toBe(200);
  const update = calledSide(pbx, invite).ask('UPDATE');
  phone.answer(await phone.expect('UPDATE'), 200);
  expect((await update).status).toBe(200);
});

test('a repeated 200 or a re-INVITE starts no second call', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  const { caller, invite } = await scene.talk();
  pbx.answer(invite, 200);
  await eventually(() => heard(phone, 200).length === 2, 'the 200 again');
  const again = caller.ask('INVITE');
  pbx.answer(await pbx.expect('INVITE'), 200);
  await again;
  expect([gate.started.length, gate.calls().length]).toEqual([1, 1]);
});

test('what follows goes to the newest Contact of the called side (target refresh, §12.2)', async () => {
  await using scene = await aScene();
  const { phone, pbx } = scene;
  const { caller, called } = await scene.talk();
  const moved = await scene.anotherPbx();
  const asked = called.ask('INVITE', { headers: { Contact: `<${moved.uri}>` } });
  phone.answer(await phone.expect('INVITE'), 200);
  await asked;
  await phone.expect('ACK');
  const headers = {
    From: caller.invite.header('From'),
    To: `${caller.invite.header('To')};tag=${pbx.tagFor(caller.callId)}`,
    'Call-ID': caller.callId,
    CSeq: `${caller.cseq + 1} BYE`,
    Route: caller.routes,
  };
  const bye = phone.request('BYE', moved.uri, { headers });
  const arrived = await moved.expect('BYE');
  expect(arrived.uri).toBe(moved.uri);
  moved.answer(arrived, 200);
  expect((await phone.finalAnswer(bye)).status).toBe(200);
});

test.each([
  ['core', 200],
  ['trunk', 503],
] as const)(
  'a sips Contact is spoken to in the clear inside our own network only: %s %i',
  async (realm, status) => {
    const realmOf = ({ listener }: Pick<Flow, 'listener'>) =>
      listener.realm === 'core' ? realm : listener.realm;
    await using scene = await aScene({ realmOf });
    const { phone, pbx } = scene;
    pbx.always('INFO', (info) => pbx.answer(info, 200));
    const caller = await phone.invite('1002');
    const secure = pbx.uri.replace('sip:', 'sips:');
    pbx.answer(await pbx.expect('INVITE'), 200, { headers: { Contact: `<${secure}>` } });
    await caller.answered();
    expect((await caller.ask('INFO')).status).toBe(status);
    expect(heard(pbx, 'INFO')).toHaveLength(status === 200 ? 1 : 0);
  },
);

test('a further proxy behind us is followed, loosely (§16.12)', async () => {
  await using scene = await aScene();
  const { phone, pbx } = scene;
  const proxy = await scene.anotherPbx();
  const route = `<sip:127.0.0.1:${proxy.port};lr>`;
  const caller = await phone.invite('1002');
  const invite = await pbx.expect('INVITE');
  pbx.answer(invite, 200, {
    headers: { 'Record-Route': [route, ...invite.headers('Record-Route')] },
  });
  await caller.answered();
  const ack = await proxy.expect('ACK');
  expect([ack.uri, ack.list('Route')]).toEqual([caller.remoteTarget, [route]]);
  caller.request('BYE');
  const bye = await proxy.expect('BYE');
  expect([bye.uri, bye.list('Route')]).toEqual([caller.remoteTarget, [route]]);
});

test('a strict router behind us gets its own URI as Request-URI, the target as last Route (§16.6 item 6)', async () => {
  await using scene = await aScene();
  const { phone, pbx } = scene;
  const strict = await scene.anotherPbx();
  const uri = `sip:127.0.0.1:${strict.port}`;
  const caller = await phone.invite('1002');
  const invite = await pbx.expect('INVITE');
  pbx.answer(invite, 200, {
    headers: { 'Record-Route': [`<${uri}>`, ...invite.headers('Record-Route')] },
  });
  await caller.answered();
  caller.request('BYE');
  const bye = await strict.expect('BYE');
  expect([bye.uri, bye.list('Route')]).toEqual([uri, [`<${caller.remoteTarget}>`]]);
});

test('a strict router before us, that put our Route into the Request-URI, is understood (§16.4)', async () => {
  await using scene = await aScene();
  const { phone, pbx } = scene;
  const { caller } = await scene.talk();
  const [ours = '', ...rest] = caller.routes;
  phone.request('BYE', uriOf(ours), {
    headers: {
      From: caller.invite.header('From'),
      To: `${caller.invite.header('To')};tag=${pbx.tagFor(caller.callId)}`,
      'Call-ID': caller.callId,
      CSeq: `${caller.cseq + 1} BYE`,
      Route: [...rest, `<${caller.remoteTarget}>`],
    },
  });
  const bye = await pbx.expect('BYE');
  expect([bye.uri, bye.list('Route')]).toEqual([caller.remoteTarget, []]);
});

test('a request with a To tag that belongs to nothing reaches the handler, not routed', async () => {
  await using scene = await aScene();
  const { gate, phone } = scene;
  gate.decide = (incoming) => incoming.answer(481);
  speak(phone, requestText(phone, 'BYE', { To: '<sip:1002@example.test>;tag=gone' }));
  expect((await phone.expect(481)).toTag).toBe('gone');
  const { routed, call } = await gate.request('BYE');
  expect([routed, call]).toEqual([false, undefined]);
});

test('a request in a call that did not ask for our Route still belongs to the call', async () => {
  await using scene = await aScene();
  const { gate, pbx } = scene;
  const { caller } = await scene.talk();
  caller.request('INFO', { headers: { Route: undefined } });
  const arrived = await pbx.expect('INFO');
  expect(arrived.uri).toBe(caller.remoteTarget);
  const { routed, call } = await gate.request('INFO');
  expect([routed, call?.callId]).toEqual([true, caller.callId]);
});

test('a stranger with the right Call-ID and wrong tags is not of the call', async () => {
  await using scene = await aScene();
  const { gate } = scene;
  const { caller } = await scene.talk();
  gate.decide = (incoming) => incoming.answer(481);
  const stranger = await scene.anotherPhone();
  const to = `${caller.invite.header('To')};tag=guess`;
  stranger.request('BYE', 'sip:x', { headers: { 'Call-ID': caller.callId, To: to } });
  await stranger.expect(481);
  expect((await gate.request('BYE')).call).toBeUndefined();
  expect(gate.calls()).toHaveLength(1);
});

test('what the handler refuses changes nothing, even when it knows the tags: not who is in the call, nor that it goes on', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  const { caller, called } = await scene.talk();
  const stranger = await scene.anotherPhone();
  gate.decide = (incoming) => {
    if (incoming.flow.port === stranger.port) incoming.answer(403);
    else incoming.forward({ targets: 'as-routed' });
  };
  const headers = {
    From: caller.invite.header('From'),
    To: `${caller.invite.header('To')};tag=${pbx.tagFor(caller.callId)}`,
    'Call-ID': caller.callId,
    Route: caller.routes,
  };
  for (const [cseq, method] of [
    ['50', 'INFO'],
    ['51', 'BYE'],
  ] as const) {
    const sent = stranger.request(method, caller.remoteTarget, {
      headers: { ...headers, CSeq: `${cseq} ${method}` },
    });
    expect((await stranger.finalAnswer(sent)).status).toBe(403);
  }
  expect(gate.calls()).toHaveLength(1);
  const bye = called.bye();
  phone.answer(await phone.expect('BYE'), 200);
  await bye;
  expect(gate.ended.map(({ why }) => why)).toEqual(['bye']);
});

/** A subscription: a dialog that no live call vouches for. */
async function subscribed(
  mayReach: (host: string, port: number) => boolean,
  transport: 'udp' | 'tcp' = 'udp',
) {
  const scene = await aScene({ mayReach, phone: { transport } });
  const { gate, phone, pbx } = scene;
  gate.forwards({ targets: [at(pbx)], recordRoute: true });
  const begin = phone.request('SUBSCRIBE', 'sip:1002@example.test', {
    headers: { Event: 'dialog' },
  });
  const arrived = await pbx.expect('SUBSCRIBE');
  pbx.answer(arrived, 200);
  const ok = await phone.finalAnswer(begin);
  const again = (routes: readonly string[], uri = uriOf(ok.header('Contact') ?? '')) =>
    phone.request('SUBSCRIBE', uri, {
      headers: {
        From: begin.header('From'),
        To: ok.header('To'),
        'Call-ID': begin.callId,
        CSeq: '2 SUBSCRIBE',
        Route: routes,
      },
    });
  return { scene, gate, phone, pbx, arrived, routes: ok.list('Record-Route').toReversed(), again };
}

describe('in a subscription', () => {
  test('a NOTIFY finds the subscriber by the Route, over the very path it subscribed by', async () => {
    const { scene, phone, pbx, arrived } = await subscribed(() => false, 'tcp');
    await using _ = scene;
    const sent = calledSide(pbx, arrived).request('NOTIFY', { headers: { Event: 'dialog' } });
    const notify = await phone.expect('NOTIFY');
    expect([notify.uri, notify.headers('Route')]).toEqual([sent.uri, []]);
    phone.answer(notify, 200);
    expect((await pbx.finalAnswer(sent)).status).toBe(200);
  });

  test('where only the message says where to go mayReach is asked, and its yes lets it pass', async () => {
    const asked: unknown[] = [];
    const { scene, gate, phone, pbx, routes, again } = await subscribed((host, port) => {
      asked.push([host, port]);
      return true;
    });
    await using _ = scene;
    const sent = again(routes);
    const arrived = await pbx.expect('SUBSCRIBE');
    expect([arrived.uri, arrived.headers('Route')]).toEqual([sent.uri, []]);
    pbx.answer(arrived, 200);
    await phone.finalAnswer(sent);
    expect(asked).toEqual([[pbx.address, pbx.port]]);
    const { routed, call } = gate.seen[1] ?? {};
    expect([routed, call]).toEqual([true, undefined]);
  });

  test('a no of mayReach is obeyed', async () => {
    const { scene, phone, pbx, routes, again } = await subscribed(() => false);
    await using _ = scene;
    expect((await phone.finalAnswer(again(routes))).status).toBeGreaterThanOrEqual(400);
    await pbx.silence(50);
  });

  test('a Route with a forged token leads nowhere', async () => {
    const { scene, phone, pbx, routes, again } = await subscribed(() => true);
    await using _ = scene;
    // Only the end is altered: all that the token says still makes sense.
    const forged = routes.map((route) =>
      route.replace(/([^:@])@/, (_all, last) => `${last === 'A' ? 'B' : 'A'}@`),
    );
    expect(forged).not.toEqual(routes);
    expect((await phone.finalAnswer(again(forged))).status).toBeGreaterThanOrEqual(400);
    await pbx.silence(50);
  });
});
