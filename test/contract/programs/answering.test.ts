import { afterAll, beforeAll, expect, test } from 'vitest';
import { aProgramServer, type ProgramServer, type RunningProgram } from './program-server.ts';

/** A program that answers by itself: `apps/uas.cjs`. */
let server: ProgramServer;
let program: RunningProgram;
beforeAll(async () => {
  server = await aProgramServer();
  program = await server.program('uas');
});
afterAll(async () => {
  await program.kill();
  await server[Symbol.asyncDispose]();
});

test('a call is answered, acknowledged, spoken in and ended by the caller', async () => {
  const phone = await server.phone();
  const call = await phone.invite('1000');
  const { source_address, source_port, protocol, callId } = await program.says('request');
  expect([source_address, source_port, protocol]).toEqual([phone.address, phone.port, 'udp']);
  expect(callId).toBe(call.invite.callId);
  const ringing = await call.rings();
  const ok = await call.answered();
  expect(ok.toTag).toBe(ringing.toTag);
  expect(ok.header('X-Served-By')).toBe('uas');
  expect(ok.header('Content-Type')).toBe('application/sdp');
  expect(ok.header('Contact')).toMatch(/^<sip:.*>$/);
  const dialog = await program.says('dialog');
  expect(dialog.id).toBe(`${callId};from-tag=${call.invite.fromTag}`);
  await program.says('ack');
  const answer = await call.ask('INFO', {
    body: 'Signal=1',
    headers: { 'Content-Type': 'application/dtmf-relay' },
  });
  expect(answer.status).toBe(200);
  expect((await program.says('info')).body).toBe('Signal=1');
  const held = await call.ask('INVITE');
  expect([held.status, held.body]).toEqual([200, ok.body]);
  await call.bye();
  expect(await program.says('destroy')).toMatchObject({ method: 'BYE', reason: 'normal release' });
  await phone.close();
});

test('a call is ended by the program', async () => {
  const phone = await server.phone();
  const call = await phone.invite('ends');
  const ok = await call.answered();
  const bye = await phone.expect('BYE');
  expect([bye.fromTag, bye.toTag]).toEqual([ok.toTag, call.invite.fromTag]);
  phone.answer(bye, 200);
  await phone.close();
});

test('a call is refused in the words of the program, and the ACK is not its affair', async () => {
  const phone = await server.phone();
  const call = await phone.invite('busy');
  const refused = await call.final();
  expect(refused.startLine).toBe('SIP/2.0 486 Gone Fishing');
  expect(refused.header('X-Why')).toBe('fish');
  await phone.close();
});

test('a call that is cancelled is over, and the program is told', async () => {
  const phone = await server.phone();
  const call = await phone.invite('rings');
  await call.rings();
  call.cancel();
  expect((await call.final()).status).toBe(487);
  await program.says('cancel');
  await phone.close();
});

test('a reliable answer is repeated until its PRACK, which the program is given', async () => {
  const phone = await server.phone();
  const call = await phone.invite('reliable', { headers: { Supported: '100rel' } });
  const progress = await phone.expect(183);
  const rseq = progress.header('RSeq') ?? '';
  expect(progress.header('Require')).toBe('100rel');
  await expect
    .poll(() => phone.received.filter(({ status }) => status === 183).length)
    .toBeGreaterThan(1);
  call.establish(progress);
  const rack = `${rseq} ${call.invite.cseq} INVITE`;
  expect((await call.ask('PRACK', { headers: { RAck: rack } })).status).toBe(200);
  expect((await program.says('prack')).rack).toBe(rack);
  await call.answered();
  expect((await call.ask('BYE', { headers: { CSeq: '9 BYE' } })).status).toBe(200);
  await phone.close();
});

test.each(['tcp', 'udp'] as const)('other requests over %s are answered', async (transport) => {
  const phone = await server.phone({ transport });
  const options = phone.request('OPTIONS', 'sip:ping@example.test');
  expect((await phone.finalAnswer(options)).header('X-Load')).toBe('1');
  const message = phone.request('MESSAGE', 'sip:x@example.test', {
    body: 'Grüße | 1#2',
    headers: { 'Content-Type': 'text/plain' },
  });
  expect((await phone.finalAnswer(message)).status).toBe(202);
  expect(await program.says('answered')).toMatchObject({ err: null });
  await phone.close();
});

test('a method that nobody asked for is refused', async () => {
  const phone = await server.phone();
  const publish = phone.request('PUBLISH', 'sip:x@example.test', {
    headers: { Event: 'presence', Expires: '60' },
  });
  const answer = await phone.finalAnswer(publish);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  await phone.close();
});
