import { describe, expect, test } from 'vitest';
import { heard, requestText, speak } from '../../contract/scene.ts';
import { eventually } from '../../support/eventually.ts';
import { aProxy, calls, nowhere, type Proxied } from './a-proxy.ts';

/** A call that rang, and whose caller gave up: he has his 487. */
async function givenUp(proxied: Proxied) {
  const { a } = proxied;
  const { call, id } = await calls(proxied, { recordRoute: true }, [a.uri]);
  const invite = await a.expect('INVITE');
  a.answer(invite, 180);
  await call.rings();
  call.cancel();
  expect((await call.final()).status).toBe(487);
  return { invite, id };
}

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
    const { invite, id } = await givenUp(proxied);
    a.answer(invite, 200);
    a.answer(invite, 200);
    await a.expect('ACK');
    const bye = await a.expect('BYE');
    expect(bye.header('Reason')).toBe('SIP;cause=487;text="The caller was gone"');
    a.answer(bye, 200);
    await eventually(() => heard(a, 'ACK').length === 2, 'the repeated 200 is acknowledged too');
    expect(heard(a, 'BYE')).toHaveLength(1);
    expect(await program.outcome(id)).toEqual([200, 'done']);
    expect(proxied.scene.gate.calls()).toEqual([]);
  });

  test('does not leave who answered too late in a call, though the BYE is refused as too low', async () => {
    const proxied = await aProxy();
    await using _ = proxied.scene;
    const { a } = proxied;
    const { invite } = await givenUp(proxied);
    a.answer(invite, 200);
    const bye = await a.expect('BYE');
    a.answer(bye, 500);
    const again = await a.expect('BYE');
    expect(again.cseq).toBeGreaterThan(bye.cseq);
    a.answer(again, 200);
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
