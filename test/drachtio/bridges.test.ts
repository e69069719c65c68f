import { expect, test } from 'vitest';
import { aScene, at, heard } from '../contract/scene.ts';
import { uriOf } from '../support/sip-text.ts';

test('each side of a call has a Call-ID of its own, the same when the caller comes again with a password', async () => {
  await using scene = await aScene();
  const { phone, pbx } = scene;
  const call = await phone.invite('1002');
  const first = await pbx.expect('INVITE');
  expect(first.callId).not.toBe(call.callId);
  pbx.answer(first, 401, { headers: { 'WWW-Authenticate': 'Digest realm="r", nonce="n"' } });
  await call.final();
  const { invite } = call;
  phone.request('INVITE', invite.uri ?? '', {
    headers: {
      From: invite.header('From'),
      To: invite.header('To'),
      'Call-ID': invite.callId,
      CSeq: `${invite.cseq + 1} INVITE`,
      Authorization: 'Digest username="1001"',
    },
  });
  const again = await pbx.expect('INVITE');
  expect([again.callId, again.fromTag, again.cseq]).toEqual([
    first.callId,
    first.fromTag,
    invite.cseq + 1,
  ]);
  expect(again.header('Authorization')).toBe('Digest username="1001"');
});

test('the second to answer a fork is hung up, and the call with the first goes on', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  const other = await scene.anotherPbx();
  for (const node of [pbx, other]) node.always('CANCEL', (cancel) => void node.answer(cancel, 200));
  gate.forwards({ targets: [at(pbx), at(other)], parallel: true, recordRoute: true });
  const call = await phone.invite('1002');
  const [one, two] = await Promise.all([pbx.expect('INVITE'), other.expect('INVITE')]);
  pbx.answer(one, 200);
  await call.answered();
  other.answer(two, 200);
  other.answer(await other.expect('BYE'), 200);
  const info = call.ask('INFO');
  pbx.answer(await pbx.expect('INFO'), 200);
  expect((await info).status).toBe(200);
  expect([heard(other, 'ACK').length, gate.calls().length, gate.ended]).toEqual([1, 1, []]);
});

test('a call whose dialog is there already is refused 482, and the one that is there goes on', async () => {
  await using scene = await aScene();
  const { gate, phone, pbx } = scene;
  const { caller, called } = await scene.talk();
  const sent = phone.request('INVITE', 'sip:1002@example.test', {
    headers: {
      From: caller.invite.header('From'),
      'Call-ID': caller.callId,
      CSeq: '77 INVITE',
    },
  });
  expect((await phone.finalAnswer(sent)).status).toBeGreaterThanOrEqual(480);
  const info = called.ask('INFO');
  phone.answer(await phone.expect('INFO'), 200);
  expect((await info).status).toBe(200);
  expect([heard(pbx, 'INVITE').length, gate.calls().length]).toEqual([1, 1]);
});

test('Replaces names the dialog that its receiver knows, from either side, and only a dialog of the sender', async () => {
  await using scene = await aScene();
  const { phone, pbx } = scene;
  const { caller, invite } = await scene.talk();
  const tag = pbx.tagFor(invite.callId);
  const mine = `${caller.callId};to-tag=${tag};from-tag=${caller.invite.fromTag}`;
  const theirs = `${invite.callId};to-tag=${tag};from-tag=${invite.fromTag}`;
  const referTo = (named: string) => `<sip:x@example.test?Replaces=${encodeURIComponent(named)}>`;

  phone.request('INVITE', 'sip:1003@example.test', { headers: { Replaces: mine } });
  const replacing = await pbx.expect('INVITE');
  expect(replacing.header('Replaces')).toBe(theirs);
  phone.request('INVITE', 'sip:1003@example.test', { headers: { Replaces: theirs } });
  expect((await pbx.expect('INVITE')).header('Replaces')).toBe(theirs);

  caller.request('REFER', { headers: { 'Refer-To': referTo(mine) } });
  expect((await pbx.expect('REFER')).header('Refer-To')).toBe(referTo(theirs));
  // what the phone knows of the other party is the server's Contact
  const known = referTo(mine).replace('sip:x@example.test', caller.remoteTarget);
  caller.request('REFER', { headers: { 'Refer-To': known } });
  expect((await pbx.expect('REFER')).header('Refer-To')).toBe(
    referTo(theirs).replace('sip:x@example.test', uriOf(pbx.contact)),
  );
});

test('Replaces names a dialog whose Call-ID has a semicolon, too', async () => {
  await using scene = await aScene();
  const { phone, pbx } = scene;
  scene.gate.forwards({ targets: [at(pbx)], recordRoute: true });
  const call = await phone.invite('1002', { headers: { 'Call-ID': 'a;b=c' } });
  const invite = await pbx.expect('INVITE');
  const accepting = pbx.accept(invite);
  const ok = await call.answered();
  await accepting;
  const Replaces = `a;b=c;to-tag=${ok.toTag};from-tag=${ok.fromTag}`;
  phone.request('INVITE', 'sip:1003@example.test', { headers: { Replaces } });
  expect((await pbx.expect('INVITE')).header('Replaces')).toBe(
    `${invite.callId};to-tag=${pbx.tagFor(invite.callId)};from-tag=${invite.fromTag}`,
  );
});
