import { afterAll, beforeAll, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../../support/a-pbx.ts';
import type { Phone } from '../../support/a-phone.ts';
import { eventually } from '../../support/eventually.ts';
import { sdp } from '../../support/sip-call.ts';
import { heard } from '../scene.ts';
import { aProgramServer, type ProgramServer, type RunningProgram } from './program-server.ts';

/** A program in the middle of calls: `apps/b2bua.cjs`. */
let server: ProgramServer;
let called: Pbx;
let program: RunningProgram;
let phone: Phone;
beforeAll(async () => {
  server = await aProgramServer();
  called = await aPbx({ answersOptions: false });
  program = await server.program('b2bua', { args: [`${called.address}:${called.port}`] });
  phone = await server.phone();
});
afterAll(async () => {
  await program.kill();
  await phone.close();
  await called.close();
  await server[Symbol.asyncDispose]();
});

async function talk() {
  const call = await phone.invite('2000', { headers: { 'X-Customer': '7' } });
  const invite = await called.expect('INVITE');
  const accepting = called.accept(invite, { headers: { 'X-Agent': '9' } });
  const ok = await call.answered();
  const other = await accepting;
  await program.says('connected-call');
  return { call, invite, ok, other };
}

test('joins two calls that know nothing of each other but what it passes on', async () => {
  const { call, invite, ok, other } = await talk();
  expect(invite.callId).not.toBe(call.invite.callId);
  expect(invite.header('X-Customer')).toBe('7');
  expect(invite.uri).toBe(`sip:2000@${called.address}:${called.port}`);
  expect(invite.body).toBe(call.invite.body);
  expect(ok.header('X-Agent')).toBe('9');
  expect(ok.body).toBe(sdp(called.address));
  const info = call.request('INFO', { body: 'x', headers: { 'Content-Type': 'text/plain' } });
  called.answer(await called.expect('INFO'), 200);
  await phone.finalAnswer(info);
  const bye = other.bye();
  phone.answer(await phone.expect('BYE'), 200);
  await bye;
  expect(await program.says('destroy')).toMatchObject({ type: 'uac' });
});

test('passes on ringing, and a refusal', async () => {
  const call = await phone.invite('2001');
  const invite = await called.expect('INVITE');
  called.answer(invite, 180);
  await call.rings();
  called.answer(invite, 480, { reason: 'Temporarily Unavailable' });
  expect((await call.final()).status).toBe(480);
  expect(await program.says('failed')).toMatchObject({ status: 480 });
});

test('passes on a CANCEL with its reason', async () => {
  called.always('CANCEL', (cancel) => void called.answer(cancel, 200));
  const call = await phone.invite('2002');
  const invite = await called.expect('INVITE');
  called.answer(invite, 180);
  await call.rings();
  call.cancel();
  expect((await call.final()).status).toBe(487);
  await eventually(() => heard(called, 'CANCEL').length === 1, 'the CANCEL');
  called.answer(invite, 487);
  await called.expect('ACK');
  expect(await program.says('failed')).toMatchObject({ status: 487 });
});

test.each(['caller', 'callee'] as const)('carries a hold and its end from the %s', async (who) => {
  const { call, other } = await talk();
  const [asks, answers, from] = who === 'caller' ? [call, called, phone] : [other, phone, called];
  for (const direction of ['sendonly', 'sendrecv']) {
    const asked = asks.ask('INVITE', { body: sdp(from.address, 40_000, direction) });
    const reinvite = await answers.expect('INVITE');
    expect(reinvite.body).toContain(`a=${direction}`);
    answers.answer(reinvite, 200, { body: sdp(answers.address, 40_001, 'recvonly') });
    await answers.expect('ACK');
    expect((await asked).body).toContain('a=recvonly');
  }
  const bye = call.bye();
  called.answer(await called.expect('BYE'), 200);
  await bye;
});

test('takes the other party to whom a REFER names', async () => {
  const third = await aPbx({ answersOptions: false });
  const { call, other } = await talk();
  const refer = call.request('REFER', {
    headers: { 'Refer-To': `<sip:carol@${third.address}:${third.port}>` },
  });
  expect((await phone.finalAnswer(refer)).status).toBe(202);
  const trying = await phone.expect('NOTIFY');
  expect([trying.header('Event'), trying.body]).toEqual(['refer', 'SIP/2.0 100 Trying']);
  phone.answer(trying, 200);
  const invited = await third.expect('INVITE');
  expect(invited.body).toBe(sdp(called.address));
  const thirdSide = await third.accept(invited);
  const reinvite = await called.expect('INVITE');
  expect(reinvite.body).toBe(sdp(third.address));
  called.answer(reinvite, 200, { body: sdp(called.address) });
  await called.expect('ACK');
  const done = await phone.expect('NOTIFY');
  expect(done.body).toBe('SIP/2.0 200 OK');
  phone.answer(done, 200);
  await program.says('transferred');
  await call.bye();
  await program.says('left');
  const bye = other.bye();
  third.answer(await third.expect('BYE'), 200);
  await bye;
  expect(thirdSide.callId).not.toBe(call.callId);
  await third.close();
});
