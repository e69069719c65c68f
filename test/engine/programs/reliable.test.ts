import { expect, test } from 'vitest';
import { heard } from '../../contract/scene.ts';
import { eventually, pause } from '../../support/eventually.ts';
import { calledSide, sdp } from '../../support/sip-call.ts';
import type { Received } from '../../support/sip-party.ts';
import { aProgramScene, type ProgramScene } from './raw-program.ts';

const SDP = sdp('127.0.0.1');
const REL = { Supported: '100rel' };
const ASK = { Require: '100rel' };

/** A call that knows reliable answers, with the program. */
async function called(scene: ProgramScene, headers = REL) {
  const { phone, program } = scene;
  const caller = await phone.invite('service', { headers });
  const invite = await program.gets('INVITE');
  let established = false;
  return {
    caller,
    invite,
    prack: (progress: Received, rseq = progress.header('RSeq')) => {
      if (!established) caller.establish(progress);
      established = true;
      return caller.request('PRACK', { headers: { RAck: `${rseq} ${progress.cseq} INVITE` } });
    },
  };
}

test('an answer that requires 100rel has an RSeq and a Contact, and is repeated until its PRACK', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const { invite, prack, caller } = await called(scene);
  const reply = await program.answer(invite, 183, { headers: ASK, body: SDP });
  const progress = await phone.expect(183);
  expect(Number(progress.header('RSeq'))).toBeGreaterThan(0);
  expect(progress.header('Contact')).toMatch(/^<sip:/);
  expect(reply.message.header('RSeq')).toBe(progress.header('RSeq'));
  await eventually(() => heard(phone, 183).length === 3, 'the 183 three times');
  const sent = prack(progress);
  const got = await program.gets('PRACK');
  expect(got.dialogId).toBe(reply.dialogId);
  expect(got.transactionId).not.toBe(invite.transactionId);
  await program.answer(got, 200);
  expect((await phone.finalAnswer(sent)).status).toBe(200);
  await pause(2100);
  expect(heard(phone, 183)).toHaveLength(3);
  await program.answer(invite, 200);
  expect((await caller.final()).status).toBe(200);
});

test('a PRACK to nothing is 481 and not delivered', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const { invite, prack } = await called(scene);
  await program.answer(invite, 183, { headers: ASK });
  const progress = await phone.expect(183);
  expect((await phone.finalAnswer(prack(progress, '1'))).status).toBe(481);
  const right = prack(progress);
  await program.answer(await program.gets('PRACK'), 200);
  await phone.finalAnswer(right);
  expect((await phone.finalAnswer(prack(progress))).status).toBe(481);
  expect(program.heard()).toEqual(['INVITE', 'PRACK']);
});

test('who does not know reliable answers is given none', async () => {
  await using scene = await aProgramScene();
  const { program } = scene;
  const { invite } = await called(scene, { Supported: 'timer' });
  const reply = await program.answer(invite, 183, { headers: ASK });
  expect(reply.why).toBe('Remote endpoint does not support 100rel');
  expect((await program.answer(invite, 183)).ok).toBe(true);
});

test('what is said behind a reliable answer waits for its PRACK: the next one, and the 2xx', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const { invite, prack, caller } = await called(scene);
  await program.answer(invite, 183, { headers: ASK, body: SDP });
  const second = await program.answer(invite, 180, { headers: ASK });
  const last = await program.answer(invite, 200, { body: SDP });
  expect([second.ok, last.ok]).toEqual([true, true]);
  const progress = await phone.expect(183);
  await pause(100);
  expect([heard(phone, 180), heard(phone, 200)]).toEqual([[], []]);
  prack(progress);
  await program.answer(await program.gets('PRACK'), 200);
  const ringing = await phone.expect(180);
  expect(Number(ringing.header('RSeq'))).toBe(Number(progress.header('RSeq')) + 1);
  expect(heard(phone, 200).filter(({ cseqMethod }) => cseqMethod === 'INVITE')).toEqual([]);
  prack(ringing);
  await program.answer(await program.gets('PRACK'), 200);
  expect((await phone.finalAnswer(caller.invite)).status).toBe(200);
});

test('a refusal waits for nothing', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const { invite, caller } = await called(scene);
  await program.answer(invite, 183, { headers: ASK });
  await phone.expect(183);
  await program.answer(invite, 486);
  expect((await caller.final()).status).toBe(486);
  await pause(1500);
  expect(heard(phone, 183)).toHaveLength(1);
});

test("an UPDATE before the answer has the INVITE's id; its answer is known by its CSeq", async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const { invite, prack, caller } = await called(scene);
  await program.answer(invite, 183, { headers: ASK, body: SDP });
  prack(await phone.expect(183));
  await program.answer(await program.gets('PRACK'), 200);
  const sent = caller.request('UPDATE', { body: SDP });
  const update = await program.gets('UPDATE');
  expect(update.transactionId).toBe(invite.transactionId);
  const another = caller.request('UPDATE', { body: SDP });
  await phone.expect(500, { of: 'UPDATE' });
  expect(another.cseq).toBe(sent.cseq + 1);
  await program.answer(update, 200, { headers: { CSeq: `${sent.cseq} UPDATE` }, body: SDP });
  expect((await phone.expect(200, { of: 'UPDATE' })).body).toBe(SDP);
  await program.answer(invite, 200, { headers: { CSeq: `${caller.invite.cseq} INVITE` } });
  expect((await caller.final()).status).toBe(200);
});

test("a program acknowledges the other side's reliable answers, each once and in order", async () => {
  await using scene = await aProgramScene();
  const { program, pbx } = scene;
  await program.request('INVITE', `sip:bob@${pbx.address}:${pbx.port}`, {
    headers: REL,
    body: SDP,
  });
  const invite = await pbx.expect('INVITE');
  const reliably = (status: number, rseq: number) =>
    pbx.answer(invite, status, { headers: { ...ASK, RSeq: String(rseq) } });
  reliably(183, 70);
  const progress = await program.gets(183);
  const prack = await program.inside(progress.dialogId, 'PRACK', {
    headers: { RAck: `70 ${invite.cseq} INVITE` },
  });
  const first = await pbx.expect('PRACK');
  expect([first.header('RAck'), first.toTag]).toEqual([
    `70 ${invite.cseq} INVITE`,
    pbx.tagFor(invite.callId),
  ]);
  pbx.answer(first, 200);
  expect((await program.gets(200)).transactionId).toBe(prack.transactionId);
  reliably(183, 70);
  reliably(180, 72);
  await pause(100);
  expect(program.heard()).toEqual([183, 200]);
  reliably(180, 71);
  await program.gets(180);
  await program.inside(progress.dialogId, 'PRACK');
  expect((await pbx.expect('PRACK')).header('RAck')).toBe(`71 ${invite.cseq} INVITE`);
});

test("an UPDATE from the called side before its answer has the INVITE's id", async () => {
  await using scene = await aProgramScene();
  const { program, pbx } = scene;
  const sent = await program.request('INVITE', `sip:bob@${pbx.address}:${pbx.port}`, {
    headers: REL,
    body: SDP,
  });
  const invite = await pbx.expect('INVITE');
  pbx.answer(invite, 183, { headers: { ...ASK, RSeq: '5' } });
  const progress = await program.gets(183);
  await program.inside(progress.dialogId, 'PRACK');
  pbx.answer(await pbx.expect('PRACK'), 200);
  await program.gets(200);
  const asked = calledSide(pbx, invite).ask('UPDATE', { body: SDP });
  const update = await program.gets('UPDATE');
  expect([update.transactionId, update.dialogId]).toEqual([sent.transactionId, progress.dialogId]);
  await program.answer(update, 200, { headers: { CSeq: '101 UPDATE' }, body: SDP });
  expect((await asked).status).toBe(200);
});

test('before its answer a program may ask things of the caller, but not hang up on it', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const { invite } = await called(scene);
  const { dialogId } = await program.answer(invite, 183);
  await program.inside(dialogId, 'INFO');
  phone.answer(await phone.expect('INFO'), 200);
  await program.gets(200);
  for (const method of ['BYE', 'INVITE'])
    expect((await program.inside(dialogId, method)).why).toBe(
      `Server error: no ${method} before the INVITE is answered`,
    );
});
