import { afterAll, beforeAll, expect, test } from 'vitest';
import { aPbx } from '../../support/a-pbx.ts';
import { answerDigest } from '../../support/digest-answer.ts';
import { sdp } from '../../support/sip-call.ts';
import { aProgramServer, type ProgramServer } from './program-server.ts';

/** A program that calls: `apps/uac.cjs`. */
let server: ProgramServer;
beforeAll(async () => {
  server = await aProgramServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const challenge = 'Digest realm="pbx", nonce="n1", algorithm=MD5';
const credentials = { user: 'alice', password: 'secret' };

test('places a call with digest credentials, speaks and changes it, and hangs up', async () => {
  await using called = await aParty();
  await using program = await server.program('uac', { args: ['talk', `sip:bob@${called.place}`] });
  const first = await called.pbx.expect('INVITE');
  expect(first.header('From')).toMatch(/^<?sip:alice@/);
  expect(first.header('From')).not.toContain('localhost');
  expect(first.header('Subject')).toBe('lunch');
  called.pbx.answer(first, 407, { headers: { 'Proxy-Authenticate': challenge } });
  await called.pbx.expect('ACK');
  const second = await called.pbx.expect('INVITE');
  expect([second.callId, second.fromTag, second.cseq]).toEqual([
    first.callId,
    first.fromTag,
    first.cseq + 1,
  ]);
  const given = /response="(\w+)"/.exec(second.header('Proxy-Authorization') ?? '')?.[1];
  const uri = /uri="([^"]+)"/.exec(second.header('Proxy-Authorization') ?? '')?.[1] ?? '';
  const right = answerDigest(challenge, { method: 'INVITE', uri }, credentials);
  expect(right).toContain(`response="${given}"`);
  called.pbx.answer(second, 180);
  expect(await program.says('provisional')).toMatchObject({ status: 180 });
  await called.pbx.accept(second);
  expect((await program.says('dialog')).id).toBe(`${second.callId};from-tag=${second.fromTag}`);
  const info = await called.pbx.expect('INFO');
  expect(info.body).toBe('x');
  called.pbx.answer(info, 200);
  const hold = await called.pbx.expect('INVITE');
  expect(hold.body).toContain('a=inactive');
  expect(hold.toTag).toBe(called.pbx.tagFor(hold.callId));
  called.pbx.answer(hold, 200, { body: sdp(called.pbx.address, 5, 'inactive') });
  await called.pbx.expect('ACK');
  expect((await program.says('modified')).sdp).toContain('a=inactive');
  const bye = await called.pbx.expect('BYE');
  expect(bye.header('Reason')).toBe('Q.850;cause=16');
  called.pbx.answer(bye, 200);
  await program.says('destroyed');
});

test('answers a 401 to a request outside any call', async () => {
  await using called = await aParty();
  await using program = await server.program('uac', { args: ['options', `sip:${called.place}`] });
  const first = await called.pbx.expect('OPTIONS');
  called.pbx.answer(first, 401, { headers: { 'WWW-Authenticate': challenge } });
  const second = await called.pbx.expect('OPTIONS');
  expect(second.header('Authorization')).toContain('username="alice"');
  called.pbx.answer(second, 200);
  expect(await program.says('response')).toMatchObject({ status: 200 });
});

test('cancels its call while it rings', async () => {
  await using called = await aParty();
  await using program = await server.program('uac', {
    args: ['cancel', `sip:bob@${called.place}`],
  });
  const invite = await called.pbx.expect('INVITE');
  called.pbx.answer(invite, 180);
  const cancel = await called.pbx.expect('CANCEL');
  expect(cancel.branch).toBe(invite.branch);
  called.pbx.answer(cancel, 200);
  called.pbx.answer(invite, 487);
  await called.pbx.expect('ACK');
  expect(await program.says('failed')).toMatchObject({ status: 487 });
});

test.each([[486], [302], [603]])('hears a refusal with %i, acknowledged for it', async (status) => {
  await using called = await aParty();
  await using program = await server.program('uac', { args: ['talk', `sip:bob@${called.place}`] });
  const invite = await called.pbx.expect('INVITE');
  called.pbx.answer(invite, status);
  await called.pbx.expect('ACK');
  expect(await program.says('failed')).toMatchObject({ status });
});

test('hears of a hang-up by the one it called', async () => {
  await using called = await aParty();
  await using program = await server.program('uac', { args: ['stay', `sip:bob@${called.place}`] });
  const side = await called.pbx.accept(await called.pbx.expect('INVITE'));
  await program.says('dialog');
  await side.bye();
  expect(await program.says('destroy')).toMatchObject({ method: 'BYE' });
});

test('sends its INVITE by way of the proxy it names', async () => {
  await using called = await aParty();
  await using program = await server.program('uac', {
    args: ['stay', 'sip:bob@nowhere.invalid', `sip:${called.place}`],
  });
  const invite = await called.pbx.expect('INVITE');
  expect(invite.uri).toBe('sip:bob@nowhere.invalid');
  expect(invite.headers('Route')).toEqual([]);
  called.pbx.answer(invite, 404);
  expect(await program.says('failed')).toMatchObject({ status: 404 });
});

test('hears that a name leads nowhere', async () => {
  await using program = await server.program('uac', { args: ['talk', 'sip:bob@nowhere.invalid'] });
  expect(await program.says('failed', 15_000)).toMatchObject({ status: 503 });
});

async function aParty() {
  const pbx = await aPbx({ answersOptions: false });
  return {
    pbx,
    place: `${pbx.address}:${pbx.port}`,
    [Symbol.asyncDispose]: () => pbx.close(),
  };
}
