import { describe, expect, test } from 'vitest';
import type { Pbx } from '../../support/a-pbx.ts';
import type { Received } from '../../support/sip-party.ts';
import { eventually, pause } from '../eventually.ts';
import { heard, requestText, speak } from '../scene.ts';
import {
  aProgramScene,
  type ProgramScene,
  type ProgramSceneOptions,
  type ProxyOptions,
  type RawProgram,
} from './raw-program.ts';

interface Proxied {
  readonly scene: ProgramScene;
  readonly program: RawProgram;
  readonly a: Pbx;
  readonly b: Pbx;
}

async function aProxy(options: ProgramSceneOptions = {}): Promise<Proxied> {
  const scene = await aProgramScene(options);
  scene.gate.forwards({ targets: [] });
  const b = await scene.anotherPbx();
  for (const node of [scene.pbx, b])
    node.always('CANCEL', (cancel) => void node.answer(cancel, 200));
  return { scene, program: scene.program, a: scene.pbx, b };
}

/** An INVITE that the program has proxied to both, or to those named. */
async function calls(
  { scene, program, a, b }: Proxied,
  options: ProxyOptions = {},
  to: readonly string[] = [a.uri, b.uri],
) {
  const call = await scene.phone.invite('1002');
  const given = await program.gets('INVITE');
  return { call, id: program.proxy(given, to, options), given };
}

const nowhere = 'sip:127.0.0.1:1;transport=tcp';

describe.concurrent('one after the other', () => {
  test('the next has its turn after any refusal; each final response is reported with its peer', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { program, a, b } = proxied;
    const { call, id } = await calls(proxied);
    a.answer(await a.expect('INVITE'), 486);
    b.answer(await b.expect('INVITE'), 200);
    expect((await call.answered()).status).toBe(200);
    expect(await program.outcome(id)).toEqual([486, 200, 'done']);
    const [busy, ok] = program.responses(id);
    expect(busy?.tokens.slice(2, 4)).toEqual(['OK', 'network']);
    expect(busy?.tokens.slice(5, 8)).toEqual(['udp', a.address, String(a.port)]);
    expect(busy?.tokens[8]).toMatch(/^\d\d:\d\d:\d\d\.\d{6}$/);
    expect(busy?.tokens.slice(9)).toEqual(['', '', 'continue']);
    expect(busy?.tokens[4]).toBe(String(busy?.message.text.length));
    expect(busy?.message.headers('Via')).toHaveLength(2); // as it came, our own on top
    expect(ok?.tokens[7]).toBe(String(b.port));
  });

  test('when all have refused the best of them goes back', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { program, a, b } = proxied;
    const { call, id } = await calls(proxied);
    a.answer(await a.expect('INVITE'), 404);
    b.answer(await b.expect('INVITE'), 500);
    expect((await call.final()).status).toBe(404);
    expect(await program.outcome(id)).toEqual([404, 500, 'done']);
    await a.expect('ACK');
    await b.expect('ACK');
  });

  test('a challenge ends the search, and who answers it is taken to the one who asked', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { scene, program, a, b } = proxied;
    const { call, id } = await calls(proxied);
    const challenge = 'Digest realm="x", nonce="abc,1", qop="auth"';
    a.answer(await a.expect('INVITE'), 407, { headers: { 'Proxy-Authenticate': challenge } });
    expect((await call.final()).status).toBe(407);
    expect(await program.outcome(id)).toEqual([407, 'done']);
    await b.silence(50);
    const again = await scene.phone.invite('1002', {
      headers: { 'Proxy-Authorization': 'Digest username="u", realm="x", nonce="abc,1"' },
    });
    const second = program.proxy(await program.gets('INVITE'), [b.uri, a.uri]);
    a.answer(await a.expect('INVITE'), 200);
    await again.answered();
    expect(await program.outcome(second)).toEqual([200, 'done']);
    await b.silence(50);
  });

  test('one that is named twice has two turns', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { program, a } = proxied;
    const { call, id } = await calls(proxied, {}, [a.uri, a.uri]);
    a.answer(await a.expect('INVITE'), 503);
    a.answer(await a.expect('INVITE'), 200);
    await call.answered();
    expect(await program.outcome(id)).toEqual([503, 200, 'done']);
  });

  test('a 603 ends the search', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { program, a, b } = proxied;
    const { call, id } = await calls(proxied);
    a.answer(await a.expect('INVITE'), 603);
    expect((await call.final()).status).toBe(603);
    expect(await program.outcome(id)).toEqual([603, 'done']);
    await b.silence(50);
  });

  test('who says nothing at all in time is passed over', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { program, a, b } = proxied;
    a.deaf = true;
    const { call, id } = await calls(proxied, { provisionalTimeoutMs: 200 });
    b.answer(await b.expect('INVITE'), 200);
    await call.answered();
    expect(await program.outcome(id)).toEqual([200, 'done']);
  });

  test('who rings for too long is cancelled, and the next has its turn', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { program, a, b } = proxied;
    const { call, id } = await calls(proxied, { finalTimeoutMs: 300 });
    const first = await a.expect('INVITE');
    a.answer(first, 180);
    await call.rings();
    await eventually(() => heard(a, 'CANCEL').length === 1, 'the first is cancelled');
    a.answer(first, 487);
    b.answer(await b.expect('INVITE'), 200);
    await call.answered();
    expect(await program.outcome(id)).toEqual([487, 200, 'done']);
  });

  test('the last that takes too long ends it with 408, and its 487 is not passed back', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { program, a } = proxied;
    const { call, id } = await calls(proxied, { finalTimeoutMs: 200 }, [a.uri]);
    a.answer(await a.expect('INVITE'), 180);
    expect((await call.final()).status).toBe(408);
    expect(await program.outcome(id)).toEqual(['done']);
  });

  test('when all take too long it is 408: that those we cancelled say so is no answer', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { program, a, b } = proxied;
    const { call, id } = await calls(proxied, { finalTimeoutMs: 200 });
    const first = await a.expect('INVITE');
    a.answer(first, 180);
    b.answer(await b.expect('INVITE'), 180);
    a.answer(first, 487);
    expect((await call.final()).status).toBe(408);
    expect(await program.outcome(id)).toEqual([487, 'done']);
  });

  test('one who answers after the caller was told of a failure is let go', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { a } = proxied;
    const { call } = await calls(proxied, { finalTimeoutMs: 200 }, [a.uri]);
    const invite = await a.expect('INVITE');
    a.answer(invite, 180);
    expect((await call.final()).status).toBe(408);
    a.answer(invite, 200);
    expect((await a.expect('ACK')).toTag).toBe(a.tagFor(invite.callId));
    const bye = await a.expect('BYE');
    expect(bye.cseq).toBeGreaterThan(invite.cseq);
    expect([bye.fromTag, bye.toTag]).toEqual([invite.fromTag, a.tagFor(invite.callId)]);
    a.answer(bye, 200);
  });
});

describe.concurrent('all at once', () => {
  test('the first 200 connects, and the others are cancelled', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { program, a, b } = proxied;
    const { call, id } = await calls(proxied, { simultaneous: true });
    const [inviteA, inviteB] = await Promise.all([a.expect('INVITE'), b.expect('INVITE')]);
    b.answer(inviteB, 180);
    await call.rings();
    a.answer(inviteA, 200);
    await call.answered();
    expect(await program.outcome(id)).toEqual([200, 'done']);
    await eventually(() => heard(b, 'CANCEL').length === 1, 'the other is cancelled');
    b.answer(inviteB, 487);
    await b.expect('ACK');
    expect(program.told(id)).toEqual([200, 'done']);
  });

  test('the refusals of all are reported before the best goes back', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { program, a, b } = proxied;
    const { call, id } = await calls(proxied, { simultaneous: true });
    a.answer(await a.expect('INVITE'), 486);
    b.answer(await b.expect('INVITE'), 401, {
      headers: { 'WWW-Authenticate': 'Digest realm="b", nonce="1"' },
    });
    expect((await call.final()).status).toBe(401);
    expect((await program.outcome(id)).toSorted()).toEqual([401, 486, 'done']);
  });

  test('one that cannot be reached does not spoil the others', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { program, a } = proxied;
    const { call, id } = await calls(proxied, { simultaneous: true }, ['tel:123', a.uri]);
    a.answer(await a.expect('INVITE'), 200);
    await call.answered();
    expect(await program.outcome(id)).toEqual([200, 'done']);
  });

  test('of whom none can be reached it is refused once', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { call, id } = await calls(proxied, { simultaneous: true }, [nowhere, 'tel:123']);
    expect((await call.final()).status).toBe(500);
    expect(await proxied.program.outcome(id)).toEqual(['NOK error proxying request to ']);
  });
});

describe.concurrent('redirections', () => {
  test('are followed at once, before those that were named', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { scene, program, a, b } = proxied;
    const c = await scene.anotherPbx();
    const { call, id } = await calls(proxied, { followRedirects: true });
    a.answer(await a.expect('INVITE'), 302, {
      headers: { Contact: [`<sip:other@127.0.0.1:${c.port}>;q=0.2`, `<${nowhere}>;q=0.9`] },
    });
    const invite = await c.expect('INVITE');
    expect(invite.uri).toBe(`sip:other@127.0.0.1:${c.port}`);
    c.answer(invite, 200);
    await call.answered();
    expect(await program.outcome(id)).toEqual([302, 200, 'done']);
    await b.silence(50);
  });

  test('to one that was named leave that one no second turn', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { program, a, b } = proxied;
    const { call, id } = await calls(proxied, { followRedirects: true });
    a.answer(await a.expect('INVITE'), 302, { headers: { Contact: `<${b.uri}>` } });
    b.answer(await b.expect('INVITE'), 486);
    expect((await call.final()).status).toBe(486);
    expect(await program.outcome(id)).toEqual([302, 486, 'done']);
  });

  test('that lead in a circle end', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { program, a } = proxied;
    const { call, id } = await calls(proxied, { followRedirects: true }, [a.uri]);
    const contact = `<sip:x@127.0.0.1:${a.port}>`;
    a.answer(await a.expect('INVITE'), 302, { headers: { Contact: contact } });
    a.answer(await a.expect('INVITE'), 302, { headers: { Contact: contact } });
    expect((await call.final()).status).toBe(302);
    expect(await program.outcome(id)).toEqual([302, 302, 'done']);
  });

  test('are passed back when they are not to be followed', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { program, a } = proxied;
    const { call, id } = await calls(proxied, {}, [a.uri]);
    a.answer(await a.expect('INVITE'), 302, { headers: { Contact: '<sip:c@127.0.0.1>' } });
    expect((await call.final()).header('Contact')).toBe('<sip:c@127.0.0.1>');
    expect(await program.outcome(id)).toEqual([302, 'done']);
  });
});

describe.concurrent('what goes out', () => {
  test('keeps a Request-URI that is not ours, and brings what the program adds', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { scene, program, a } = proxied;
    scene.phone.request('MESSAGE', 'sip:bob@example.com', {
      headers: { 'User-Agent': 'phone', 'X-One': '1', Route: '<sip:gate.example.com;lr>' },
    });
    program.proxy(await program.gets('MESSAGE'), [a.uri], {
      headers: [
        'X-One: 2',
        'user-agent: program',
        'Via: x',
        'Call-ID: y',
        'P-Asserted-Identity: <sip:me@localhost>',
        'Content-Length: 77',
      ],
    });
    const arrived = await a.expect('MESSAGE');
    expect(arrived.uri).toBe('sip:bob@example.com');
    expect(arrived.headers('X-One').toSorted()).toEqual(['1', '2']);
    expect(arrived.headers('User-Agent')).toEqual(['program']);
    expect(arrived.headers('Via')).toHaveLength(2);
    expect(arrived.headers('Call-ID')).not.toContain('y');
    expect(arrived.header('P-Asserted-Identity')).toMatch(/^<sip:me@127\.0\.0\.1:\d+>$/);
    expect(arrived.headers('Route')).toEqual([]);
    expect(arrived.headers('Record-Route')).toEqual([]);
    expect(arrived.header('Max-Forwards')).toBe('69');
  });

  test('has the destination for its Request-URI where that was ours', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { scene, program, a } = proxied;
    const { port } = scene.gate.listener('udp');
    scene.phone.request('OPTIONS', `sip:x@127.0.0.1:${port}`);
    program.proxy(await program.gets('OPTIONS'), [`${a.uri};x=y`]);
    expect((await a.expect('OPTIONS')).uri).toBe(`${a.uri};x=y`);
  });

  test('a REGISTER is given a Path, and requires that it be known', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { scene, program, a } = proxied;
    const registered = scene.phone.tryToRegister();
    const id = program.proxy(await program.gets('REGISTER'), [a.uri], { recordRoute: true });
    const register = await a.expect('REGISTER');
    expect(register.headers('Path')[0]).toMatch(/^<sip:.*;lr>$/);
    expect(register.headers('Require')).toEqual(['path']);
    expect(register.headers('Record-Route')).toEqual([]);
    a.answer(register, 200);
    expect((await registered).status).toBe(200);
    expect(await program.outcome(id)).toEqual([200, 'done']);
  });

  test('a de-registration of everything passes like any other', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { scene, program, a } = proxied;
    const registered = scene.phone.tryToRegister({ contact: '*', expires: 0 });
    const id = program.proxy(await program.gets('REGISTER'), [a.uri], { recordRoute: true });
    const register = await a.expect('REGISTER');
    expect(register.header('Contact')).toBe('*');
    a.answer(register, 200);
    expect((await registered).status).toBe(200);
    expect(await program.outcome(id)).toEqual([200, 'done']);
  });

  test('between transports it has a Record-Route for each side', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { a } = proxied;
    await calls(proxied, { recordRoute: true }, [`${a.uri};transport=tcp`]);
    const routes = (await a.expect('INVITE')).list('Record-Route');
    expect(routes.map((route) => route.includes('transport=tcp'))).toEqual([true, false]);
  });
});

describe.concurrent('the last word', () => {
  test.each([
    ['that cannot be reached', nowhere],
    ['without a host to go to', 'tel:+4930123'],
    ['whose name leads nowhere', 'sip:nobody.invalid'],
    ['as drachtio-srf writes sips', 'sip:sips:127.0.0.1:1'],
    ['that is no URI at all', 'sip:'],
  ])('is a NOK for a destination %s, and 500 for the caller', async (_what, to) => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { call, id } = await calls(proxied, {}, [to]);
    expect((await call.final(10_000)).status).toBe(500);
    expect(await proxied.program.outcome(id)).toEqual(['NOK error proxying request to ']);
  });

  test('is one, for a request that was answered or is not known', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { program, a } = proxied;
    const { call, id, given } = await calls(proxied, {}, [a.uri]);
    const unknown = `NOK Unknown transaction id: ${given.transactionId}`;
    expect(await program.outcome(program.proxy(given, [a.uri]))).toEqual([unknown]);
    a.answer(await a.expect('INVITE'), 200);
    await call.answered();
    expect(await program.outcome(id)).toEqual([200, 'done']);
    expect(await program.outcome(program.proxy(given, [a.uri]))).toEqual([unknown]);
  });

  test('comes when the caller cancels: 487 at once, then what the branch says', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { program, a, b } = proxied;
    const { call, id } = await calls(proxied);
    const invite = await a.expect('INVITE');
    a.answer(invite, 180);
    await call.rings();
    call.cancel();
    expect((await call.final()).status).toBe(487);
    await eventually(() => heard(a, 'CANCEL').length === 1, 'it is cancelled');
    expect(program.told(id)).toEqual([]);
    a.answer(invite, 487);
    expect(await program.outcome(id)).toEqual([487, 'done']);
    await b.silence(50);
  });

  test('comes when a 200 crosses the CANCEL: it is acknowledged and ended, once', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { program, a } = proxied;
    const { call, id } = await calls(proxied, { recordRoute: true }, [a.uri]);
    const invite = await a.expect('INVITE');
    a.answer(invite, 180);
    await call.rings();
    call.cancel();
    expect((await call.final()).status).toBe(487);
    a.answer(invite, 200);
    a.answer(invite, 200);
    await a.expect('ACK');
    a.answer(await a.expect('BYE'), 200);
    await eventually(() => heard(a, 'ACK').length === 2, 'the repeated 200 is acknowledged too');
    expect(heard(a, 'BYE')).toHaveLength(1);
    expect(await program.outcome(id)).toEqual([200, 'done']);
    expect(proxied.scene.gate.calls()).toEqual([]);
  });

  test("comes when the caller's connection is lost: the branch is cancelled", async () => {
    const proxied = await aProxy({ phone: { transport: 'tcp' } });
    await using _ = proxied.scene;
    const { scene, program, a } = proxied;
    const { call, id } = await calls(proxied, {}, [a.uri]);
    const invite = await a.expect('INVITE');
    a.answer(invite, 180);
    await call.rings();
    await scene.phone.close();
    await eventually(() => heard(a, 'CANCEL').length === 1, 'it is cancelled');
    a.answer(invite, 487);
    expect(await program.outcome(id)).toEqual([487, 'done']);
  });

  test('is not asked for when there are no hops left: the gate refuses by itself', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { scene, program } = proxied;
    const call = await scene.phone.invite('1002', { headers: { 'Max-Forwards': '0' } });
    expect((await call.final()).status).toBe(483);
    expect(program.heard()).toEqual([]);
  });

  test('is right after sending when the responses are of no interest', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { program, a } = proxied;
    const { call, id } = await calls(proxied, { fullResponse: false }, [a.uri]);
    expect(await program.outcome(id)).toEqual(['done']);
    a.answer(await a.expect('INVITE'), 200);
    await call.answered();
    expect(program.told(id)).toEqual(['done']);
  });

  test('comes when a request that is no INVITE meets silence, and the caller is told in time', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { scene, program, a, b } = proxied;
    a.deaf = true;
    b.deaf = true;
    const sent = scene.phone.request('MESSAGE', 'sip:x');
    const id = program.proxy(await program.gets('MESSAGE'), [a.uri, b.uri], {
      finalTimeoutMs: 200,
    });
    expect((await scene.phone.finalAnswer(sent)).status).toBe(504);
    expect(await program.outcome(id)).toEqual(['done']);
  });

  test('a lost program leaves the proxying to go on by itself', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { program, a, b } = proxied;
    const { call } = await calls(proxied);
    const first = await a.expect('INVITE');
    program.lose();
    a.answer(first, 486);
    b.answer(await b.expect('INVITE'), 200);
    await call.answered();
    expect(program.frames.filter(({ kind }) => kind === 'response')).toEqual([]);
  });
});

test.concurrent('a request that is no INVITE and meets silence to the end: one done, and no late answer', async () => {
  const proxied = await aProxy();
  await using _ = proxied.scene;
  const { scene, program, a } = proxied;
  a.deaf = true;
  speak(scene.phone, requestText(scene.phone, 'MESSAGE'));
  const id = program.proxy(await program.gets('MESSAGE'), [a.uri]);
  expect(await program.outcome(id, 40_000)).toEqual(['done']);
  expect(heard(scene.phone, 408)).toEqual([]);
}, 45_000);

describe.concurrent('the lost final response of a proxied request', () => {
  test('is repeated: to a repeated MESSAGE, and until the ACK to a refused INVITE', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { scene, program, a } = proxied;
    const message = requestText(scene.phone, 'MESSAGE');
    speak(scene.phone, message);
    program.proxy(await program.gets('MESSAGE'), [a.uri]);
    a.answer(await a.expect('MESSAGE'), 202);
    await eventually(() => heard(scene.phone, 202).length === 1, 'the 202');
    speak(scene.phone, message);
    await eventually(() => heard(scene.phone, 202).length === 2, 'the 202 again');
    const invite = requestText(scene.phone, 'INVITE');
    speak(scene.phone, invite);
    program.proxy(await program.gets('INVITE'), [a.uri]);
    a.answer(await a.expect('INVITE'), 486);
    await eventually(() => heard(scene.phone, 486).length >= 2, 'the 486, unasked');
    expect(heard(a, 'INVITE')).toHaveLength(1);
  });
});

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

test('a web server may choose to have it proxied', async () => {
  const proxied = await aProxy();
  await using _ = proxied.scene;
  const { scene, program, a } = proxied;
  scene.decide = {
    kind: 'proxy',
    destinations: [a.uri],
    recordRoute: true,
    followRedirects: true,
    simultaneous: false,
    provisionalTimeoutMs: undefined,
    finalTimeoutMs: undefined,
  };
  const call = await scene.phone.invite('1002');
  const invite = await a.expect('INVITE');
  expect(invite.headers('Record-Route')).not.toEqual([]);
  a.answer(invite, 200);
  await call.answered();
  await pause(20);
  expect(program.frames).toEqual([]);
});
