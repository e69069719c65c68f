import { expect, test } from 'vitest';
import { heard } from '../../contract/scene.ts';
import { eventually, pause } from '../../support/eventually.ts';
import { sdp } from '../../support/sip-call.ts';
import { aProgramScene, type ProgramScene } from './raw-program.ts';

const SDP = sdp('127.0.0.1');

/** A call that the program has answered. */
async function answered(scene: ProgramScene) {
  const { phone, program } = scene;
  const caller = await phone.invite('service');
  const invite = await program.gets('INVITE');
  const reply = await program.answer(invite, 200, { body: SDP });
  const ok = await caller.answered();
  const ack = await program.gets('ACK');
  return { caller, invite, reply, ok, ack };
}

test('a new INVITE is answered 100 at once and given to the program with where it came from', async () => {
  await using scene = await aProgramScene();
  const { phone, program, gate } = scene;
  const caller = await phone.invite('service', { headers: { Subject: 'x' } });
  await phone.expect(100);
  const { tokens, message } = await program.gets('INVITE');
  const [kind, source, bytes, protocol, address, port, time, transaction, dialog, ...rest] = tokens;
  expect([kind, source, protocol, address]).toEqual(['sip', 'network', 'udp', '127.0.0.1']);
  expect(Number(port)).toBe(phone.port);
  expect(Number(bytes)).toBe(caller.invite.text.length);
  expect(time).toMatch(/^\d\d:\d\d:\d\d\.\d{6}$/);
  expect(transaction).toMatch(/^[\da-f-]{36}$/);
  expect(dialog).toBe('');
  expect(rest).toEqual(['127.0.0.1', String(gate.listener('udp').port), '']);
  expect(message.header('Subject')).toBe('x');
  expect(message.header('Via')).toContain(`rport=${phone.port}`);
  expect(message.body).toBe(caller.invite.body);
});

test('a program answers: its headers, our Via, From, To, Call-ID, CSeq, and the Contact we are reached at', async () => {
  await using scene = await aProgramScene();
  const { phone, program, gate } = scene;
  const caller = await phone.invite('service', {
    headers: { 'Record-Route': ['<sip:192.0.2.7;lr>', '<sip:192.0.2.8;lr>'] },
  });
  const invite = await program.gets('INVITE');
  const ringing = await program.answer(invite, 180, {
    headers: { 'x-low': '1', 'p-custom-thing': '2', Via: 'SIP/2.0/UDP x', 'call-id': 'nonsense' },
  });
  const rings = await caller.rings();
  expect(rings.text).toBe(ringing.message.text);
  expect(rings.header('Contact')).toBeUndefined();
  expect(rings.headers('Via')).toHaveLength(1);
  expect(rings.callId).toBe(caller.callId);
  expect(rings.text).toContain('\r\nx-low: 1\r\nP-Custom-Thing: 2\r\n');
  expect(rings.headers('Record-Route')).toEqual(['<sip:192.0.2.7;lr>', '<sip:192.0.2.8;lr>']);
  expect(ringing.dialogId).toBe(`${caller.callId};from-tag=${caller.invite.fromTag}`);
  expect(ringing.tokens.slice(-3)).toEqual(['', 'Msg sent:', '']);

  const reply = await program.answer(invite, 200, { body: SDP });
  const ok = await phone.finalAnswer(caller.invite);
  expect(ok.header('Content-Type')).toBe('application/sdp');
  expect(ok.body).toBe(SDP);
  expect(ok.toTag).toBe(rings.toTag);
  expect(ok.header('Contact')).toBe(`<sip:127.0.0.1:${gate.listener('udp').port}>`);
  expect(reply.message.text).toBe(ok.text);
  caller.establish(ok);
  caller.acknowledge({ to: phone.gate });
  const ack = await program.gets('ACK');
  expect(ack.transactionId).toBe(invite.transactionId);
  expect(ack.dialogId).toBe(reply.dialogId);
});

test("the tag of the program's own To is the one of the dialog", async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const caller = await phone.invite('service');
  const invite = await program.gets('INVITE');
  await program.answer(invite, 180, { headers: { To: '<sip:service@x>;tag=mine' } });
  expect((await caller.rings()).toTag).toBe('mine');
  await program.answer(invite, 200, { headers: { To: '<sip:service@x>;tag=other' }, body: SDP });
  expect((await caller.answered()).toTag).toBe('mine');
});

test('a second final answer, one to nothing and one with a broken start line are refused', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const caller = await phone.invite('service');
  const invite = await program.gets('INVITE');
  const broken = await program.say('SIP/2.0 99999 Huh', { transactionId: invite.transactionId });
  expect(broken.why).toBe('Unknown server error sending response');
  await program.answer(invite, 486, { headers: { 'X-Why': 'fish' } });
  const final = await caller.final();
  expect([final.status, final.header('X-Why')]).toEqual([486, 'fish']);
  const again = await program.answer(invite, 200, { body: SDP });
  expect([again.ok, again.why]).toEqual([false, 'Response not sent due to unknown transaction']);
  const unknown = await program.say('SIP/2.0 200 OK', { transactionId: 'none' });
  expect(unknown.why).toBe('Response not sent due to unknown transaction');
  await pause(100);
  expect(program.heard()).toEqual(['INVITE']); // its ACK is ours
});

test('a 2xx is repeated until its ACK, and what is repeated is kept from the program', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const caller = await phone.invite('service');
  const invite = await program.gets('INVITE');
  await program.answer(invite, 200, { body: SDP });
  const ok = await phone.finalAnswer(caller.invite);
  phone.send(caller.invite.text);
  await eventually(() => heard(phone, 200).length >= 3, 'the 200 three times');
  caller.establish(ok);
  const ack = caller.acknowledge();
  await program.gets('ACK');
  phone.send(ack.text);
  const before = heard(phone, 200).length;
  await pause(2500);
  expect(heard(phone, 200)).toHaveLength(before);
  expect(program.heard()).toEqual(['INVITE', 'ACK']);
});

test('requests inside go to the program with the dialog, and its answers back; BYE ends it', async () => {
  await using scene = await aProgramScene();
  const { program } = scene;
  const { caller, reply } = await answered(scene);
  const asked = caller.ask('INFO', { body: 'hello', headers: { 'Content-Type': 'text/plain' } });
  const info = await program.gets('INFO');
  expect(info.dialogId).toBe(reply.dialogId);
  expect(info.message.body).toBe('hello');
  const said = await program.answer(info, 200, { headers: { 'X-Read': 'yes' } });
  expect(said.dialogId).toBe(reply.dialogId);
  expect((await asked).header('X-Read')).toBe('yes');

  const ended = caller.bye();
  const bye = await program.gets('BYE');
  expect(bye.dialogId).toBe(reply.dialogId);
  expect((await program.answer(bye, 200)).dialogId).toBe('');
  await ended;
  expect((await caller.ask('INFO')).status).toBe(481);
  const late = await program.inside(reply.dialogId, 'INFO');
  expect(late.why).toBe('Server error: unable to find dialog for dialog id provided');
});

test("the program asks inside the dialog: to the caller's Contact, in order, and hears the answers", async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const { caller, reply } = await answered(scene);
  const sent = await program.inside(reply.dialogId, 'INFO', {
    headers: { 'Content-Type': 'text/plain', 'X-A': '1', From: '<sip:fake@x>' },
    body: 'hi',
  });
  const info = await phone.expect('INFO');
  expect(sent.message.headers('X-A')).toEqual(info.headers('X-A'));
  expect(info.uri).toBe(caller.invite.header('Contact')?.slice(1, -1));
  expect(info.fromTag).toBe(reply.message.toTag);
  expect(info.toTag).toBe(caller.invite.fromTag);
  expect([info.body, info.header('X-A')]).toEqual(['hi', '1']);
  phone.answer(info, 200);
  const ok = await program.gets(200);
  expect([ok.transactionId, ok.dialogId]).toEqual([sent.transactionId, reply.dialogId]);

  const next = await program.inside(reply.dialogId, 'OPTIONS');
  const options = await phone.expect('OPTIONS');
  expect(options.cseq).toBe(info.cseq + 1);
  phone.answer(options, 404);
  expect((await program.gets(404)).transactionId).toBe(next.transactionId);

  await program.inside(reply.dialogId, 'BYE');
  phone.answer(await phone.expect('BYE'), 200);
  await program.gets(200);
  expect((await program.inside(reply.dialogId, 'INFO')).ok).toBe(false);
});

test('a BYE that the program sends before the ACK waits for it', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const caller = await phone.invite('service');
  const invite = await program.gets('INVITE');
  const { dialogId } = await program.answer(invite, 200, { body: SDP });
  const ok = await phone.finalAnswer(caller.invite);
  const sent = await program.inside(dialogId, 'BYE');
  expect(sent.message.method).toBe('BYE');
  await pause(200);
  expect(heard(phone, 'BYE')).toEqual([]);
  caller.establish(ok);
  caller.acknowledge();
  phone.answer(await phone.expect('BYE'), 200);
  expect((await program.gets(200)).transactionId).toBe(sent.transactionId);
});

test("CANCEL: 200 and 487 by us, and the program is told under the INVITE's own id", async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const caller = await phone.invite('service');
  const invite = await program.gets('INVITE');
  const { dialogId } = await program.answer(invite, 180);
  const rings = await caller.rings();
  caller.cancel();
  const cancelled = await phone.expect(200);
  expect(cancelled.toTag).toBe(rings.toTag);
  expect((await caller.final()).status).toBe(487);
  const cancel = await program.gets('CANCEL');
  expect([cancel.transactionId, cancel.dialogId]).toEqual([invite.transactionId, dialogId]);
  const late = await program.answer(invite, 487);
  expect(late.why).toBe('Response not sent due to unknown transaction');
});

test('CANCEL before the program said a word names no dialog', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const caller = await phone.invite('service');
  const invite = await program.gets('INVITE');
  await phone.expect(100);
  caller.cancel();
  expect((await caller.final()).status).toBe(487);
  const cancel = await program.gets('CANCEL');
  expect([cancel.transactionId, cancel.dialogId]).toEqual([invite.transactionId, '']);
});

test("a SUBSCRIBE that names a call's Call-ID and tag does not become what the program knows as that call", async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const { caller } = await answered(scene);
  const text = caller.invite.text
    .replace(/^INVITE/, 'SUBSCRIBE')
    .replace(/CSeq: .*/, 'CSeq: 99 SUBSCRIBE')
    .replace(/branch=[^;\r]+/, 'branch=z9hG4bKanother');
  phone.send(text);
  await phone.expect(482);
  expect(program.heard()).not.toContain('SUBSCRIBE');
});

test('a caller who gives up before an answer does not count against the program', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  let withdrawn = 0;
  scene.decide = { kind: 'program', program, withdrawn: () => withdrawn++ };
  const caller = await phone.invite('service');
  await program.gets('INVITE');
  await phone.expect(100);
  caller.cancel();
  await phone.finalAnswer(caller.invite);
  expect(withdrawn).toBe(1);
  await answered(scene);
  expect(withdrawn).toBe(1);
});

test('CANCEL that comes after the 200 is answered 481, and the call is ended', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const caller = await phone.invite('service');
  const invite = await program.gets('INVITE');
  const { dialogId } = await program.answer(invite, 200, { body: SDP });
  await phone.finalAnswer(caller.invite);
  caller.cancel();
  await phone.expect(481);
  const bye = await phone.expect('BYE');
  expect(bye.header('Reason')).toContain('CANCEL after 200 OK');
  const told = await program.gets('BYE');
  expect([told.source, told.transactionId, told.dialogId]).toEqual([
    'application',
    'unsolicited',
    dialogId,
  ]);
  expect(told.message.header('Reason')).toContain('text="CANCEL after 200 OK"');
});

test('what belongs to another program is as good as unknown', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const other = scene.anotherProgram();
  await phone.invite('service');
  const invite = await program.gets('INVITE');
  expect((await other.answer(invite, 200)).why).toBe(
    'Response not sent due to unknown transaction',
  );
  const { dialogId } = await program.answer(invite, 200, { body: SDP });
  expect((await other.inside(dialogId, 'BYE')).why).toBe(
    'Server error: unable to find dialog for dialog id provided',
  );
});

test('a re-INVITE: answered by the program, its ACK delivered, a second one meanwhile 500', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const { caller, reply } = await answered(scene);
  caller.request('INVITE', { body: SDP });
  const again = await program.gets('INVITE');
  expect(again.dialogId).toBe(reply.dialogId);
  caller.request('INVITE', { body: SDP });
  await phone.expect(500);
  await program.answer(again, 200, { body: SDP });
  const ok = await phone.expect(200);
  caller.request('ACK', { headers: { CSeq: `${ok.cseq} ACK` } });
  expect((await program.gets('ACK')).dialogId).toBe(reply.dialogId);
});

test('a re-INVITE that is cancelled is a 487, and the dialog goes on', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const { caller, reply } = await answered(scene);
  const sent = caller.request('INVITE', { body: SDP });
  const again = await program.gets('INVITE');
  const { gate } = phone;
  phone.send(
    sent.text
      .replace(/^INVITE/, 'CANCEL')
      .replace(/CSeq: (\d+) INVITE/, 'CSeq: $1 CANCEL')
      .replace(/\r\nContent-Length: \d+[\s\S]*$/, '\r\nContent-Length: 0\r\n\r\n'),
    gate,
  );
  expect((await phone.finalAnswer(sent)).status).toBe(487);
  const cancel = await program.gets('CANCEL');
  expect([cancel.transactionId, cancel.dialogId]).toEqual([again.transactionId, reply.dialogId]);
  expect((await program.inside(reply.dialogId, 'INFO')).ok).toBe(true);
});

test('other requests are answered by the program alone: no 100, no dialog', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const sent = phone.request('MESSAGE', 'sip:service@x', { body: 'hi' });
  const message = await program.gets('MESSAGE');
  const reply = await program.answer(message, 202);
  expect(reply.dialogId).toBe('');
  expect((await phone.finalAnswer(sent)).status).toBe(202);
  expect(heard(phone, 100)).toEqual([]);
});

test.each([
  ['BYE', 481],
  ['UPDATE', 481],
  ['PRACK', 481],
  ['FROB', 501],
])('a %s outside any dialog is answered %i by us', async (method, status) => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  expect((await phone.finalAnswer(phone.request(method, 'sip:service@x'))).status).toBe(status);
  expect(program.heard()).toEqual([]);
});

test.each([
  ['a Call-ID with the separator of frames', { 'Call-ID': 'a|b' }],
  ['a From tag with it', { From: '<sip:a@b>;tag=x|y' }],
  ['no From tag', { From: '<sip:a@b>' }],
  ['no Contact', { Contact: undefined }],
  ['a Contact that is a star', { Contact: '*' }],
])('an INVITE with %s is refused, not delivered', async (_what, headers) => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  phone.request('INVITE', 'sip:service@x', { headers });
  await phone.expect(({ status }) => status === 400);
  expect(program.heard()).toEqual([]);
});

test('a CSeq that goes back is refused, and a dialog of the same name as one that stands', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const { caller } = await answered(scene);
  const old = caller.request('INFO', { headers: { CSeq: '1 INFO' } });
  expect((await phone.finalAnswer(old)).status).toBe(500);
  const { invite } = caller;
  phone.request('INVITE', 'sip:service@x', {
    headers: { From: invite.header('From'), 'Call-ID': invite.callId, CSeq: '99 INVITE' },
  });
  await phone.expect(482);
  expect(program.heard()).toEqual(['INVITE', 'ACK']);
});

test('a BYE in the early dialog ends it as a CANCEL does', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const caller = await phone.invite('service');
  const invite = await program.gets('INVITE');
  await program.answer(invite, 183);
  const progress = await phone.expect(183);
  caller.establish(progress);
  const bye = caller.request('BYE');
  expect((await phone.finalAnswer(bye)).status).toBe(200);
  expect((await phone.finalAnswer(caller.invite)).status).toBe(487);
  expect((await program.gets('CANCEL')).transactionId).toBe(invite.transactionId);
});

test('a subscription: 202, NOTIFYs out, and the last one ends it', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const sent = phone.request('SUBSCRIBE', 'sip:service@x', { headers: { o: 'presence' } });
  const subscribe = await program.gets('SUBSCRIBE');
  expect(subscribe.message.text).toContain('\r\nEvent: presence\r\n');
  const { dialogId } = await program.answer(subscribe, 202, { headers: { Expires: '60' } });
  const ok = await phone.finalAnswer(sent);
  expect(ok.header('Contact')).toMatch(/^<sip:127/);
  await program.inside(dialogId, 'NOTIFY', {
    headers: { Event: 'presence', 'Subscription-State': 'active' },
  });
  const notify = await phone.expect('NOTIFY');
  expect(notify.toTag).toBe(sent.fromTag);
  phone.answer(notify, 200);
  await program.gets(200);
  await program.inside(dialogId, 'NOTIFY', {
    headers: { Event: 'presence', 'Subscription-State': 'terminated;reason=timeout' },
  });
  phone.answer(await phone.expect('NOTIFY'), 200);
  await program.gets(200);
  expect((await program.inside(dialogId, 'NOTIFY')).ok).toBe(false);
});

test('a lost program: what waits is answered 503, calls are ended with BYE', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const { caller } = await answered(scene);
  const waiting = await phone.invite('other');
  await program.gets('INVITE');
  const sent = phone.request('MESSAGE', 'sip:service@x');
  await program.gets('MESSAGE');
  program.lose();
  expect((await waiting.final()).status).toBe(503);
  expect((await phone.finalAnswer(sent)).status).toBe(503);
  const bye = await phone.expect('BYE');
  expect(bye.callId).toBe(caller.callId);
  phone.answer(bye, 200);
  expect((await caller.ask('INFO')).status).toBe(481);
});

test('a lost program: who subscribed to it is told that it is over, and when to come again', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const sent = phone.request('SUBSCRIBE', 'sip:service@x', { headers: { o: 'presence' } });
  await program.answer(await program.gets('SUBSCRIBE'), 202, { headers: { Expires: '60' } });
  const { toTag } = await phone.finalAnswer(sent);
  program.lose();
  const notify = await phone.expect('NOTIFY');
  expect([notify.callId, notify.fromTag, notify.toTag]).toEqual([sent.callId, toTag, sent.fromTag]);
  expect([notify.header('Event'), notify.header('Subscription-State')]).toEqual([
    'presence',
    'terminated;reason=probation;retry-after=10',
  ]);
  phone.answer(notify, 200);
  expect(scene.holdings().size).toBe(0);
});
