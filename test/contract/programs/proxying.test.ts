import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../../support/a-pbx.ts';
import type { Phone } from '../../support/a-phone.ts';
import { aProgramServer, type ProgramServer, type RunningProgram } from './program-server.ts';

/** A proxy with two destinations: `apps/proxy.cjs`. */
let server: ProgramServer;
let a: Pbx;
let b: Pbx;
let program: RunningProgram;
let phone: Phone;
beforeAll(async () => {
  server = await aProgramServer();
  a = await aPbx({ answersOptions: false });
  b = await aPbx({ answersOptions: false, address: '127.0.0.9' }); // srf tells them apart by address
  for (const node of [a, b]) node.always('CANCEL', (cancel) => void node.answer(cancel, 200));
  program = await server.program('proxy', { args: [a.uri, b.uri] });
  phone = await server.phone();
});
beforeEach(() => {
  for (const party of [a, b, phone]) party.forget();
});
afterAll(async () => {
  await program.kill();
  for (const party of [phone, a, b]) await party.close();
  await server[Symbol.asyncDispose]();
});

const from = (pbx: Pbx, ...statuses: readonly number[]) => ({
  address: pbx.address,
  port: pbx.port,
  statuses,
});

describe('a call', () => {
  test('fails over to the second, is talked in past the program, and recorded', async () => {
    const call = await phone.invite('3000');
    const first = await a.expect('INVITE');
    expect(first.header('X-Edge')).toBe('1');
    a.answer(first, 503);
    const second = await b.expect('INVITE');
    const accepting = b.accept(second);
    await call.answered();
    const side = await accepting;
    expect(await program.says('proxied')).toMatchObject({
      connected: true,
      finalStatus: 200,
      responses: [from(a, 503), from(b, 200)],
    });
    const info = side.ask('INFO');
    phone.answer(await phone.expect('INFO'), 200);
    expect((await info).status).toBe(200);
    const bye = call.bye();
    b.answer(await b.expect('BYE'), 200);
    await bye;
    if (server.gate !== undefined)
      await expect
        .poll(() => program.said('cdr').map(({ record, message }) => `${record} ${message}`))
        .toEqual([
          'attempt network INVITE',
          'attempt application INVITE',
          'stop network call-rejected 503',
          'attempt application INVITE',
          'start network proxy-uac 200',
          'start application proxy-uas 200',
          'stop network normal-release BYE',
          'stop application normal-release BYE',
        ]);
  });

  test('rings at both, and the first that answers has it', async () => {
    const call = await phone.invite('fork');
    const [one, other] = await Promise.all([a.expect('INVITE'), b.expect('INVITE')]);
    a.answer(one, 180);
    await call.rings();
    const accepting = b.accept(other);
    await call.answered();
    await accepting;
    a.answer(one, 487);
    await a.expect('ACK');
    expect(await program.says('proxied')).toMatchObject({
      connected: true,
      responses: [from(b, 200)],
    });
    const bye = call.bye();
    b.answer(await b.expect('BYE'), 200);
    await bye;
  });

  test('that is one of too many of the same Call-ID and tag is refused, and who answered let go', async ({
    skip,
  }) => {
    if (server.gate === undefined) skip('drachtio-server counts none');
    const headers = { 'Call-ID': 'many', From: '<sip:many@x>;tag=many' };
    const call = await phone.invite('3000', { headers });
    const invite = await a.expect('INVITE');
    for (let fork = 0; fork < 32; fork++) a.answer(invite, 200, { toTag: `fork-${fork}` });
    await call.final();
    expect(await program.says('proxied')).toMatchObject({ connected: true, finalStatus: 200 });
    a.forget();
    await phone.invite('3000', { headers: { ...headers, CSeq: '7 INVITE' } });
    a.answer(await a.expect('INVITE'), 200, { toTag: 'one-more' });
    await a.expect('ACK');
    a.answer(await a.expect('BYE'), 200);
    await phone.expect(500);
    expect((await program.says('proxied')).responses).toEqual([from(a, 200)]); // it is over
  });

  test('follows a redirection', async () => {
    const call = await phone.invite('redirect');
    a.answer(await a.expect('INVITE'), 302, {
      headers: { Contact: `<sip:elsewhere@${b.address}:${b.port}>` },
    });
    b.answer(await b.expect('INVITE'), 486);
    // the second that was named is asked as well
    const last = await b.expect('INVITE');
    b.answer(last, 480);
    expect([480, 486]).toContain((await call.final()).status);
    expect((await program.says('proxied')).responses).toEqual([
      from(a, 302),
      from(b, 486),
      from(b, 480),
    ]);
  });

  test('passes over one that says nothing', async () => {
    a.deaf = true;
    const call = await phone.invite('slow');
    b.answer(await b.expect('INVITE'), 486);
    expect((await call.final()).status).toBe(486);
    a.deaf = false;
    expect((await program.says('proxied')).responses).toEqual([from(b, 486)]);
  });

  test('that is cancelled is reported with what the branch said', async () => {
    const call = await phone.invite('3001');
    const invite = await a.expect('INVITE');
    a.answer(invite, 180);
    await call.rings();
    call.cancel();
    expect((await call.final()).status).toBe(487);
    a.answer(invite, 487);
    expect(await program.says('proxied')).toMatchObject({
      connected: false,
      finalStatus: 487,
      responses: [from(a, 487)],
    });
  });
});

test('a call that rings too long goes on', async () => {
  const call = await phone.invite('final');
  const invite = await a.expect('INVITE');
  a.answer(invite, 180);
  const next = await b.expect('INVITE');
  a.answer(invite, 487);
  b.answer(next, 404);
  expect((await call.final()).status).toBe(404);
  expect(await program.says('proxied')).toMatchObject({ finalStatus: 404 });
});

test('registrations and their end pass, with a Path', async () => {
  for (const headers of [{}, { contact: '*', expires: 0 }]) {
    const registered = phone.tryToRegister(headers);
    const register = await a.expect('REGISTER');
    expect(register.headers('Path')).not.toEqual([]);
    expect(register.header('Require')).toBe('path');
    a.answer(register, 200);
    expect((await registered).status).toBe(200);
    expect(await program.says('proxied')).toMatchObject({ method: 'REGISTER', finalStatus: 200 });
  }
});

test('a registration is challenged by one and answered to it', async () => {
  const alice = await server.phone({ user: 'alice', password: 'secret' });
  const registered = alice.register();
  a.answer(await a.expect('REGISTER'), 401, {
    headers: { 'WWW-Authenticate': 'Digest realm="x", nonce="remember-me"' },
  });
  a.answer(await a.expect('REGISTER'), 200);
  expect((await registered).status).toBe(200);
  await alice.close();
});
