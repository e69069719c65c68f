import { describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import type { Received } from '../../support/sip-party.ts';
import { aProxy, calls, type Proxied } from './a-proxy.ts';
import type { RawProgram } from './raw-program.ts';

describe.concurrent('what follows in a proxied call', () => {
  test('is carried by the engine, both ways, and the program never sees it', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { scene, program, a } = proxied;
    const { call } = await calls(proxied, { recordRoute: true }, [a.uri]);
    const accepting = a.accept(await a.expect('INVITE'));
    await call.answered();
    const called = await accepting;
    const info = call.request('INFO');
    a.answer(await a.expect('INFO'), 200);
    await scene.phone.finalAnswer(info);
    const reinvited = called.ask('INVITE');
    scene.phone.answer(await scene.phone.expect('INVITE'), 200);
    expect((await reinvited).status).toBe(200);
    await scene.phone.expect('ACK');
    expect(scene.gate.calls()).toHaveLength(1);
    const bye = call.bye();
    a.answer(await a.expect('BYE'), 200);
    await bye;
    expect(scene.gate.calls()).toEqual([]);
    expect(program.heard()).toHaveLength(1);
  });

  test('before its answer too: PRACK from the caller, UPDATE from the called', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { scene, program, a } = proxied;
    const { call } = await calls(proxied, { recordRoute: true }, [a.uri]);
    const invite = await a.expect('INVITE');
    a.answer(invite, 183, { headers: { Require: '100rel', RSeq: '1' } });
    call.establish(await scene.phone.expect(183));
    const prack = call.request('PRACK', { headers: { RAck: '1 1 INVITE' } });
    a.answer(await a.expect('PRACK'), 200);
    await scene.phone.finalAnswer(prack);
    const update = a.request('UPDATE', `sip:x@${scene.phone.address}:${scene.phone.port}`, {
      to: invite.from,
      headers: {
        From: `${invite.header('To')};tag=${a.tagFor(invite.callId)}`,
        To: invite.header('From'),
        'Call-ID': invite.callId,
        Route: invite.headers('Record-Route'),
      },
    });
    scene.phone.answer(await scene.phone.expect('UPDATE'), 200);
    await a.finalAnswer(update);
    void a.answer(invite, 200);
    await call.answered();
    expect(program.heard()).toHaveLength(1);
  });

  test('is the notifications of a subscription', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { scene, program, a } = proxied;
    const subscribe = scene.phone.request('SUBSCRIBE', 'sip:1002@example.test', {
      headers: { Event: 'presence', Expires: '60' },
    });
    program.proxy(await program.gets('SUBSCRIBE'), [a.uri], { recordRoute: true });
    const arrived = await a.expect('SUBSCRIBE');
    const notify = () =>
      a.request('NOTIFY', `sip:x@${scene.phone.address}:${scene.phone.port}`, {
        to: arrived.from,
        headers: {
          From: `${arrived.header('To')};tag=${a.tagFor(arrived.callId)}`,
          To: arrived.header('From'),
          'Call-ID': arrived.callId,
          Route: arrived.headers('Record-Route'),
          Event: 'presence',
          'Subscription-State': 'active',
        },
      });
    const early = notify();
    scene.phone.answer(await scene.phone.expect('NOTIFY'), 200);
    await a.finalAnswer(early);
    a.answer(arrived, 200, { headers: { Expires: '60' } });
    const ok: Received = await scene.phone.finalAnswer(subscribe);
    const later = notify();
    scene.phone.answer(await scene.phone.expect('NOTIFY'), 200);
    await a.finalAnswer(later);
    const refresh = scene.phone.request('SUBSCRIBE', `sip:x@127.0.0.1:${a.port}`, {
      headers: {
        From: subscribe.header('From'),
        To: ok.header('To'),
        'Call-ID': subscribe.callId,
        CSeq: '2 SUBSCRIBE',
        Route: ok.headers('Record-Route'),
        Event: 'presence',
      },
    });
    a.answer(await a.expect('SUBSCRIBE'), 200);
    await scene.phone.finalAnswer(refresh);
    expect(program.heard()).toHaveLength(1);
  });
});

describe.concurrent('call records', () => {
  const records = ({ frames }: RawProgram) =>
    frames
      .filter(({ tokens }) => tokens[0]?.startsWith('cdr:'))
      .map(({ tokens: [kind, source, , ...rest], message }) =>
        [kind, source, ...rest, message.status ?? message.method].join(' '),
      );
  const asksForAll = ({ scene }: Proxied) => {
    for (const kind of ['cdr:attempt', 'cdr:start', 'cdr:stop'] as const) scene.records.add(kind);
  };

  test('of an answered call are two of each, one per side', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { program, a } = proxied;
    asksForAll(proxied);
    const { call } = await calls(proxied, { recordRoute: true }, [a.uri]);
    const accepting = a.accept(await a.expect('INVITE'));
    await call.answered();
    await accepting;
    const bye = call.bye();
    a.answer(await a.expect('BYE'), 200);
    await bye;
    expect(records(program)).toEqual([
      'cdr:attempt network INVITE',
      'cdr:attempt application INVITE',
      'cdr:start network proxy-uac 200',
      'cdr:start application proxy-uas 200',
      'cdr:stop network normal-release BYE',
      'cdr:stop application normal-release BYE',
    ]);
  });

  test('of a call that was cancelled or refused say so on both sides', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { program, a } = proxied;
    asksForAll(proxied);
    const { call } = await calls(proxied, {}, [a.uri]);
    const invite = await a.expect('INVITE');
    a.answer(invite, 180);
    await call.rings();
    call.cancel();
    await call.final();
    a.answer(invite, 487);
    await a.expect('ACK');
    await eventually(() => records(program).length === 4, 'all is recorded');
    expect(records(program).slice(2)).toEqual([
      'cdr:stop network call-canceled CANCEL',
      'cdr:stop application call-canceled 487',
    ]);
    const refused = await calls(proxied, {}, [a.uri]);
    a.answer(await a.expect('INVITE'), 486);
    await refused.call.final();
    expect(records(program).slice(-2)).toEqual([
      'cdr:stop network call-rejected 486',
      'cdr:stop application call-rejected 486',
    ]);
  });

  test('are for who asked for them, and of other requests there are none', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { scene, program, a } = proxied;
    scene.records.add('cdr:start');
    const { call } = await calls(proxied, {}, [a.uri]);
    a.answer(await a.expect('INVITE'), 200);
    await call.answered();
    const sent = scene.phone.request('MESSAGE', 'sip:x');
    program.proxy(await program.gets('MESSAGE'), [a.uri]);
    a.answer(await a.expect('MESSAGE'), 200);
    await scene.phone.finalAnswer(sent);
    expect(records(program)).toEqual([
      'cdr:start network proxy-uac 200',
      'cdr:start application proxy-uas 200',
    ]);
  });
});
