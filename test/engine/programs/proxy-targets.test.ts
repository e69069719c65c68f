import { describe, expect, test } from 'vitest';
import { heard } from '../../contract/scene.ts';
import { aPbx } from '../../support/a-pbx.ts';
import { eventually } from '../../support/eventually.ts';
import { aProxy, calls, nowhere } from './a-proxy.ts';

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

  test('by who is neither the PBX nor a carrier lead to none of these, nor to where we listen for them', async () => {
    const carrier = await aPbx({ address: '127.0.7.2', answersOptions: false });
    const proxied = await aProxy({
      listeners: [
        { transport: 'udp', realm: 'access' },
        { transport: 'udp', realm: 'core' },
      ],
      mayReach: (host) => host === carrier.address,
    });
    await using _ = proxied.scene;
    const { scene, program, a } = proxied;
    const inner = scene.gate.listener('udp', 'core');
    for (const place of [
      `${carrier.address}:${carrier.port}`,
      `127.0.7.9:${carrier.port};maddr=${carrier.address}`,
      `${inner.address}:${inner.port}`,
    ]) {
      const { call, id } = await calls(proxied, { followRedirects: true }, [a.uri]);
      const headers = { Contact: `<sip:0900123@${place}>` };
      a.answer(await a.expect('INVITE'), 302, { headers });
      expect((await call.final()).status).toBe(408);
      expect(await program.outcome(id)).toEqual([302, 'done']);
    }
    expect(program.heard().filter((what) => what === 'INVITE')).toHaveLength(3);

    const { call, id } = await calls(proxied, { followRedirects: true }, [carrier.uri]);
    const headers = { Contact: `<sip:0300123@${carrier.address}:${carrier.port}>` };
    carrier.answer(await carrier.expect('INVITE'), 302, { headers });
    carrier.answer(await carrier.expect('INVITE'), 486);
    expect((await call.final()).status).toBe(486);
    expect(await program.outcome(id)).toEqual([302, 486, 'done']);
    await carrier.close();
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
