import { afterEach, describe, expect, test } from 'vitest';
import { aPbx } from './a-pbx.ts';
import { aPhone, type PhoneOptions } from './a-phone.ts';
import type { SipParty } from './sip-party.ts';

const open: SipParty[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((party) => party.close()));
});

/** A phone that speaks straight to a scripted PBX: the rig must be right before it judges a gate. */
async function pair(phoneOptions: Partial<PhoneOptions> = {}) {
  const pbx = await aPbx();
  const phone = await aPhone({ to: pbx, ...phoneOptions });
  open.push(pbx, phone);
  return { pbx, phone };
}

describe.each(['udp', 'tcp'] as const)('a scripted phone over %s', (transport) => {
  test('registers where every REGISTER is taken', async () => {
    const { pbx, phone } = await pair({ transport });
    pbx.registersAll();
    const answer = await phone.register({ expires: 120 });
    expect(answer.header('Contact')).toBe(`${phone.contact};expires=120`);
    expect((await phone.unregister()).header('Contact')).toBeUndefined();
  });

  test('answers a challenge out of the sight of the test', async () => {
    const { pbx, phone } = await pair({ transport, user: '1001', password: 'secret' });
    const registered = phone.register();
    const first = await pbx.expect('REGISTER');
    expect(first.header('Authorization')).toBeUndefined();
    pbx.answer(first, 401, {
      headers: { 'WWW-Authenticate': 'Digest realm="r", nonce="n", qop="auth,auth-int"' },
    });
    const second = await pbx.expect('REGISTER');
    expect(second.cseq).toBe(first.cseq + 1);
    expect(second.branch).not.toBe(first.branch);
    expect(second.header('Authorization')).toMatch(/username="1001".*qop=auth, nc=00000001/);
    pbx.answer(second, 200);
    await registered;
  });

  test('shows a second challenge to the test instead of guessing on', async () => {
    const { pbx, phone } = await pair({ transport, password: 'wrong' });
    pbx.always('REGISTER', (request) => {
      pbx.answer(request, 401, { headers: { 'WWW-Authenticate': 'Digest realm="r", nonce="n"' } });
    });
    await expect(phone.register()).rejects.toThrow('401');
  });

  test('calls, rings, talks and hangs up, from either end', async () => {
    const { pbx, phone } = await pair({ transport });
    for (const hangsUp of ['caller', 'callee']) {
      const call = await phone.invite('1002');
      const invite = await pbx.expect('INVITE');
      pbx.answer(invite, 180);
      await call.rings();
      const accepting = pbx.accept(invite);
      await call.answered();
      const called = await accepting;
      const [first, other] = hangsUp === 'caller' ? [call, pbx] : [called, phone];
      const bye = first.bye();
      other.answer(await other.expect('BYE'), 200);
      await bye;
    }
  });

  test('acknowledges a refusal by itself, in the same transaction', async () => {
    const { pbx, phone } = await pair({ transport });
    const call = await phone.invite('1002');
    const invite = await pbx.expect('INVITE');
    pbx.answer(invite, 486);
    expect((await call.final()).status).toBe(486);
    const ack = await pbx.expect('ACK');
    expect(ack.branch).toBe(invite.branch);
    expect(ack.toTag).toBe(pbx.tagFor(invite.callId));
  });

  test('cancels', async () => {
    const { pbx, phone } = await pair({ transport });
    const call = await phone.invite('1002');
    const invite = await pbx.expect('INVITE');
    call.cancel();
    const cancel = await pbx.expect('CANCEL');
    expect(cancel.branch).toBe(invite.branch);
    pbx.answer(cancel, 200);
    pbx.answer(invite, 487);
    await phone.expect(200, { of: 'CANCEL' });
    expect((await call.final()).status).toBe(487);
  });

  test('follows the route set of the answer, in reverse', async () => {
    const { pbx, phone } = await pair({ transport });
    const call = await phone.invite('1002');
    const invite = await pbx.expect('INVITE');
    const routes = ['<sip:inner;lr>', '<sip:outer;lr>'];
    pbx.answer(invite, 200, { headers: { 'Record-Route': routes } });
    await call.answered();
    expect((await pbx.expect('ACK')).list('Route')).toEqual(routes.toReversed());
  });

  test('hears silence, and notices when there is none', async () => {
    const { pbx, phone } = await pair({ transport });
    await phone.silence(30);
    phone.request('OPTIONS', 'sip:x');
    await expect(phone.silence(100)).rejects.toThrow('SIP/2.0 200');
    expect(pbx.received).toHaveLength(1);
  });

  test('says what came when what it waits for does not', async () => {
    const { phone } = await pair({ transport });
    phone.request('OPTIONS', 'sip:x');
    await expect(phone.expect('INVITE', { within: 100 })).rejects.toThrow(
      'expected INVITE within 100 ms; unread: SIP/2.0 200 OK',
    );
  });
});

test('a repeated request is answered again and not shown twice', async () => {
  const { pbx, phone } = await pair();
  const sent = phone.request('MESSAGE', 'sip:1002@x', { body: 'hi' });
  pbx.answer(await pbx.expect('MESSAGE'), 202);
  await phone.expect(202);
  phone.send(sent.text);
  await expect.poll(() => phone.received.length).toBe(2);
  await pbx.silence(20);
  expect(pbx.received).toHaveLength(2);
});
