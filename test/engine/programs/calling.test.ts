import { expect, test } from 'vitest';
import { heard } from '../../contract/scene.ts';
import { eventually, pause } from '../../support/eventually.ts';
import { calledSide, sdp } from '../../support/sip-call.ts';
import { aProgramScene, type ProgramScene } from './raw-program.ts';

const SDP = sdp('127.0.0.1');
const headers = { From: '"Me" <sip:me@localhost>', Contact: '<sip:me@localhost>' };

/** An INVITE of the program's that has reached the PBX. */
async function calling(scene: ProgramScene) {
  const { program, pbx } = scene;
  const sent = await program.request('INVITE', `sip:bob@${pbx.address}:${pbx.port}`, {
    headers,
    body: SDP,
  });
  const invite = await pbx.expect('INVITE');
  return { sent, invite };
}

/** One that the PBX has answered and the program acknowledged. */
async function talking(scene: ProgramScene) {
  const { program, pbx } = scene;
  const { sent, invite } = await calling(scene);
  pbx.answer(invite, 200, { body: SDP });
  const ok = await program.gets(200);
  await program.inside(ok.dialogId, 'ACK');
  await pbx.expect('ACK');
  return { sent, invite, dialogId: ok.dialogId, called: calledSide(pbx, invite) };
}

test('what a request lacks is added; localhost stands for us; our own headers are ours', async () => {
  await using scene = await aProgramScene();
  const { program, pbx, gate } = scene;
  const us = `127.0.0.1:${gate.listener('udp').port}`;
  const uri = `sip:carol@${pbx.address}:${pbx.port}`;
  const sent = await program.request('INVITE', uri, {
    headers: {
      ...headers,
      To: '<sip:carol@localhost>',
      'P-Asserted-Identity': '<sip:me@localhost>',
      Via: 'SIP/2.0/UDP nonsense',
      Route: '<sip:1.2.3.4;lr>',
      'Call-ID': 'mycallid-1',
      CSeq: '77 INVITE',
      'user-agent': 'x',
    },
    body: SDP,
  });
  const invite = await pbx.expect('INVITE');
  expect(sent.message.text).toBe(invite.text);
  expect(invite.header('From')).toMatch(`"Me" <sip:me@${us}>;tag=`);
  expect(invite.header('To')).toBe(`<sip:carol@${us}>`);
  expect(invite.header('Contact')).toBe(`<sip:me@${us}>`);
  expect(invite.header('P-Asserted-Identity')).toBe(`<sip:me@${us}>`);
  expect([invite.callId, invite.header('CSeq')]).toEqual(['mycallid-1', '77 INVITE']);
  expect(invite.headers('Via')).toHaveLength(1);
  expect(invite.header('Route')).toBeUndefined();
  expect(invite.header('Content-Type')).toBe('application/sdp');
  expect(invite.header('User-Agent')).toBe('x');
  expect(sent.tokens.slice(2, 4)).toEqual(['OK', 'application']);
  expect(sent.tokens.slice(5, 8)).toEqual(['udp', ...us.split(':')]);
  expect(sent.tokens.slice(-2)).toEqual(['Msg sent:', '']);
});

test('with nothing given, From is us, To is whom it is for, Call-ID and CSeq are new', async () => {
  await using scene = await aProgramScene();
  const { program, pbx, gate } = scene;
  const us = `127.0.0.1:${gate.listener('udp').port}`;
  await program.request('OPTIONS', `${pbx.uri}`);
  const options = await pbx.expect('OPTIONS');
  expect(options.header('From')).toMatch(`<sip:${us}>;tag=`);
  expect(options.header('To')).toBe(`<${pbx.uri}>`);
  expect(options.callId).not.toBe('');
  expect(options.cseq).toBeGreaterThan(0);
  expect(options.header('Contact')).toBeUndefined();
  pbx.answer(options, 200);
  expect((await program.gets(200)).dialogId).toBe('');
});

test('a route says where a request goes, and stands nowhere in it', async () => {
  await using scene = await aProgramScene();
  const { program, pbx } = scene;
  await program.request('MESSAGE', 'sip:bob@nowhere.invalid', {
    headers: { 'Content-Type': 'text/plain' },
    body: 'hi',
    routeUrl: pbx.uri,
  });
  const message = await pbx.expect('MESSAGE');
  expect(message.uri).toBe('sip:bob@nowhere.invalid');
  expect(message.header('Route')).toBeUndefined();
});

test('a telephone number is called by the route that is given, and nowhere without', async () => {
  await using scene = await aProgramScene();
  const { program, pbx } = scene;
  await program.request('OPTIONS', 'tel:+15551234', { routeUrl: pbx.uri });
  expect((await pbx.expect('OPTIONS')).uri).toBe('tel:+15551234');
  const alone = await program.request('OPTIONS', 'tel:+15551234');
  expect(alone.why).toBe('invalid request-uri: tel:+15551234');
});

test.each([
  ['a body of no type', 'MESSAGE sip:x@127.0.0.1:9 SIP/2.0', {}, 'hi', 'missing content-type'],
  ['no SIP URI', 'MESSAGE http://x SIP/2.0', {}, '', 'invalid request-uri: http://x'],
  [
    'a transport we do not speak',
    'OPTIONS sip:x@127.0.0.1:9;transport=ws SIP/2.0',
    {},
    '',
    'requested protocol/transport not available',
  ],
  [
    'a From that is none',
    'OPTIONS sip:x@127.0.0.1:9 SIP/2.0',
    { From: '<<' },
    '',
    'Server error: invalid header',
  ],
  [
    'a Call-ID that breaks frames',
    'OPTIONS sip:x@127.0.0.1:9 SIP/2.0',
    { 'Call-ID': 'a|b' },
    '',
    'Server error: Call-ID or From tag with a character that is not allowed',
  ],
  ['no request line', 'gibberish', {}, '', 'Server error: invalid request line'],
])('%s is refused', async (_what, startLine, given, body, why) => {
  await using scene = await aProgramScene();
  const answer = await scene.program.say(startLine, { headers: given, body });
  expect([answer.ok, answer.why]).toEqual([false, why]);
});

test('a request to ourselves is refused', async () => {
  await using scene = await aProgramScene();
  const { port } = scene.gate.listener('udp');
  const answer = await scene.program.request('OPTIONS', `sip:x@127.0.0.1:${port}`);
  expect(answer.why).toBe('can not send request to myself');
});

test('a name that leads nowhere: the program gets its request back, and a 503', async () => {
  await using scene = await aProgramScene();
  const { program } = scene;
  const sent = await program.request('OPTIONS', 'sip:x@no-such-host.invalid');
  expect(sent.tokens.slice(3, 8)).toEqual(['application', '0', 'unknown', '', '0']);
  const answer = await program.gets(503, 8000);
  expect(answer.transactionId).toBe(sent.transactionId);
  expect(answer.message.startLine).toBe('SIP/2.0 503 DNS Error');
}, 20_000);

test('a connection that is refused is a 503', async () => {
  await using scene = await aProgramScene();
  const { program } = scene;
  const sent = await program.request('OPTIONS', 'sip:x@127.0.0.1:1;transport=tcp');
  const answer = await program.gets(503);
  expect(answer.transactionId).toBe(sent.transactionId);
  expect(answer.tokens.slice(2, 6)).toEqual(['0', '', '', '0']);
});

test('every answer is a frame, in order, behind the one that says what was sent', async () => {
  await using scene = await aProgramScene();
  const { program, pbx } = scene;
  const { sent, invite } = await calling(scene);
  pbx.answer(invite, 100);
  pbx.answer(invite, 180);
  pbx.answer(invite, 486, { reason: 'Busy' });
  const busy = await program.gets(486);
  expect(program.heard()).toEqual([100, 180, 486]);
  expect(program.frames[0]?.kind).toBe('response');
  expect(busy.transactionId).toBe(sent.transactionId);
  expect(busy.dialogId).toBe(`${invite.callId};from-tag=${invite.fromTag}`);
  expect(busy.tokens.slice(3, 6)).toEqual(['udp', '127.0.0.1', String(pbx.port)]);
  await pbx.expect('ACK'); // by us
  const ack = await program.inside(busy.dialogId, 'ACK');
  expect(ack.why).toBe(
    'Server error: ACK for non-success final response is automatically generated by server',
  );
});

test("the ACK to a 2xx is the program's, and goes again when the 2xx does", async () => {
  await using scene = await aProgramScene();
  const { program, pbx } = scene;
  const { sent, invite } = await calling(scene);
  const answer = pbx.answer(invite, 200, { body: SDP });
  const ok = await program.gets(200);
  expect([ok.transactionId, ok.dialogId]).toEqual([
    sent.transactionId,
    `${invite.callId};from-tag=${invite.fromTag}`,
  ]);
  await pause(100);
  expect(heard(pbx, 'ACK')).toEqual([]);
  const said = await program.request('ACK', 'sip:whatever@127.0.0.1', { dialogId: ok.dialogId });
  expect(said.ok).toBe(true);
  const ack = await pbx.expect('ACK');
  expect(ack.text).toBe(said.message.text);
  expect([ack.uri, ack.cseq, ack.toTag]).toEqual([
    answer.header('Contact')?.slice(1, -1),
    invite.cseq,
    answer.toTag,
  ]);
  pbx.answer(invite, 200, { body: SDP });
  await eventually(() => heard(pbx, 'ACK').length === 2, 'the ACK again');
  expect(program.heard()).toEqual([200]);
});

test('what an INVITE was let in by is said again in its ACK', async () => {
  await using scene = await aProgramScene();
  const { program, pbx } = scene;
  await program.request('INVITE', pbx.uri, {
    headers: { ...headers, Authorization: 'Digest username="a"', CSeq: '5 INVITE' },
    body: SDP,
  });
  pbx.answer(await pbx.expect('INVITE'), 200, { body: SDP });
  await program.inside((await program.gets(200)).dialogId, 'ACK');
  const ack = await pbx.expect('ACK');
  expect([ack.header('Authorization'), ack.cseq]).toEqual(['Digest username="a"', 5]);
});

test('requests inside go both ways, and BYE from either side ends the dialog', async () => {
  await using scene = await aProgramScene();
  const { program, pbx } = scene;
  const { dialogId, called, invite } = await talking(scene);
  await program.inside(dialogId, 'INFO', { headers: { 'Content-Type': 'a/b' }, body: 'x' });
  const info = await pbx.expect('INFO');
  expect(info.cseq).toBe(invite.cseq + 1);
  pbx.answer(info, 200);
  await program.gets(200);
  const asked = called.ask('REFER', { headers: { 'Refer-To': '<sip:x@y>' } });
  const refer = await program.gets('REFER');
  expect(refer.dialogId).toBe(dialogId);
  await program.answer(refer, 202);
  expect((await asked).status).toBe(202);
  const ended = called.bye();
  await program.answer(await program.gets('BYE'), 200);
  await ended;
  expect((await program.inside(dialogId, 'BYE')).ok).toBe(false);
});

test('a re-INVITE by the program, its ACK, and one at a time', async () => {
  await using scene = await aProgramScene();
  const { program, pbx } = scene;
  const { dialogId } = await talking(scene);
  const sent = await program.inside(dialogId, 'INVITE', { body: SDP });
  const again = await pbx.expect('INVITE');
  expect(again.header('Contact')).toMatch(/^<sip:me@127/);
  const second = await program.inside(dialogId, 'INVITE', { body: SDP });
  expect(second.why).toContain('another INVITE');
  pbx.answer(again, 200, { body: SDP });
  const ok = await program.gets(200);
  expect([ok.transactionId, ok.dialogId]).toEqual([sent.transactionId, dialogId]);
  await program.inside(dialogId, 'ACK');
  expect((await pbx.expect('ACK')).cseq).toBe(again.cseq);
});

test('a re-INVITE that is refused leaves the dialog as it was', async () => {
  await using scene = await aProgramScene();
  const { program, pbx } = scene;
  const { dialogId } = await talking(scene);
  await program.inside(dialogId, 'INVITE', { body: SDP });
  pbx.answer(await pbx.expect('INVITE'), 488);
  await program.gets(488);
  await pbx.expect('ACK');
  expect((await program.inside(dialogId, 'INFO')).ok).toBe(true);
});

test("CANCEL goes out once a provisional answer came, and its 487 is the INVITE's answer", async () => {
  await using scene = await aProgramScene();
  const { program, pbx } = scene;
  const { sent, invite } = await calling(scene);
  const said = await program.request('CANCEL', invite.uri ?? '', {
    transactionId: sent.transactionId,
    headers: { Reason: 'SIP;cause=200', From: '<sip:fake@x>' },
  });
  expect([said.ok, said.message.method]).toEqual([true, 'CANCEL']);
  await pause(100);
  expect(heard(pbx, 'CANCEL')).toEqual([]);
  pbx.answer(invite, 180);
  const cancel = await pbx.expect('CANCEL');
  expect([cancel.branch, cancel.fromTag, cancel.header('Reason')]).toEqual([
    invite.branch,
    invite.fromTag,
    'SIP;cause=200',
  ]);
  pbx.answer(cancel, 200);
  pbx.answer(invite, 487);
  expect((await program.gets(487)).transactionId).toBe(sent.transactionId);
  expect(program.heard()).toEqual([180, 487]);
  const late = await program.request('CANCEL', 'sip:x@y', { transactionId: sent.transactionId });
  expect(late.why).toBe(`unable to cancel unknown transaction id: ${sent.transactionId}`);
});

test('a 200 that beats the CANCEL is delivered, and the call is ended behind its ACK', async () => {
  await using scene = await aProgramScene();
  const { program, pbx } = scene;
  const { sent, invite } = await calling(scene);
  pbx.answer(invite, 180);
  await program.gets(180);
  await program.request('CANCEL', 'sip:x@y', { transactionId: sent.transactionId });
  pbx.answer(invite, 200, { body: SDP });
  const ok = await program.gets(200);
  await program.inside(ok.dialogId, 'ACK');
  await pbx.expect('ACK');
  const bye = await pbx.expect('BYE');
  expect(bye.header('Reason')).toContain('ACK-BYE due to cancel race condition');
  const told = await program.gets('BYE');
  expect([told.transactionId, told.dialogId]).toEqual(['unsolicited', ok.dialogId]);
});

test('of two phones that answer the first has the call; the other is thanked and hung up', async () => {
  await using scene = await aProgramScene();
  const { program, pbx } = scene;
  const { invite } = await calling(scene);
  pbx.answer(invite, 200, { body: SDP, toTag: 'one' });
  const ok = await program.gets(200);
  pbx.answer(invite, 200, { body: SDP, toTag: 'two' });
  const ack = await pbx.expect('ACK');
  expect(ack.toTag).toBe('two');
  expect((await pbx.expect('BYE')).toTag).toBe('two');
  await program.inside(ok.dialogId, 'ACK');
  expect((await pbx.expect(({ method, toTag }) => method === 'ACK' && toTag === 'one')).cseq).toBe(
    invite.cseq,
  );
  expect(program.heard()).toEqual([200]);
});

test('a 2xx that does not say where it is from is delivered, acknowledged and ended by us', async () => {
  await using scene = await aProgramScene();
  const { program, pbx } = scene;
  const { invite } = await calling(scene);
  pbx.answer(invite, 200, { headers: { Contact: undefined } });
  await program.gets(200);
  await pbx.expect('ACK');
  await pbx.expect('BYE');
});

test('a dialog follows the Route and Contact of its 2xx', async () => {
  await using scene = await aProgramScene();
  const { program, pbx } = scene;
  const { invite } = await calling(scene);
  const { address, port } = pbx;
  pbx.answer(invite, 200, {
    headers: {
      'Record-Route': ['<sip:far.invalid;lr>', `<sip:${address}:${port};lr>`],
      Contact: '<sip:far@192.0.2.1:5099>',
    },
  });
  await program.inside((await program.gets(200)).dialogId, 'ACK');
  const ack = await pbx.expect('ACK');
  expect(ack.uri).toBe('sip:far@192.0.2.1:5099');
  expect(ack.headers('Route')).toEqual([`<sip:${address}:${port};lr>`, '<sip:far.invalid;lr>']);
});

test("a challenge is the program's to answer: its Call-ID, tag and CSeq stand", async () => {
  await using scene = await aProgramScene();
  const { program, pbx } = scene;
  const { invite } = await calling(scene);
  pbx.answer(invite, 407, { headers: { 'Proxy-Authenticate': 'Digest realm="x", nonce="y"' } });
  await program.gets(407);
  await program.request('INVITE', pbx.uri, {
    headers: {
      From: invite.header('From'),
      'call-id': invite.callId,
      CSeq: `${invite.cseq + 1} INVITE`,
      'Proxy-Authorization': 'Digest username="x"',
    },
    body: SDP,
  });
  const again = await pbx.expect('INVITE');
  expect([again.callId, again.cseq, again.header('From')]).toEqual([
    invite.callId,
    invite.cseq + 1,
    invite.header('From'),
  ]);
  pbx.answer(again, 200, { body: SDP });
  expect((await program.inside((await program.gets(200)).dialogId, 'ACK')).ok).toBe(true);
});

test('a subscription: the NOTIFY that overtakes its answer waits for it', async () => {
  await using scene = await aProgramScene();
  const { program, pbx } = scene;
  const sent = await program.request('SUBSCRIBE', `sip:bob@${pbx.address}:${pbx.port}`, {
    headers: { ...headers, Event: 'presence', Expires: '60' },
  });
  const subscribe = await pbx.expect('SUBSCRIBE');
  const notifier = calledSide(pbx, subscribe);
  const state = { Event: 'presence', 'Subscription-State': 'active' };
  const first = notifier.request('NOTIFY', { headers: state });
  await pause(50);
  expect(program.heard()).toEqual([]);
  pbx.answer(subscribe, 202);
  const ok = await program.gets(202);
  expect(ok.transactionId).toBe(sent.transactionId);
  const notify = await program.gets('NOTIFY');
  expect(notify.dialogId).toBe(ok.dialogId);
  await program.answer(notify, 200);
  expect((await pbx.finalAnswer(first)).status).toBe(200);
  const last = notifier.ask('NOTIFY', {
    headers: { ...state, 'Subscription-State': 'terminated' },
  });
  await program.answer(await program.gets('NOTIFY'), 200);
  expect((await last).status).toBe(200);
  expect((await program.inside(ok.dialogId, 'SUBSCRIBE')).ok).toBe(false);
});

test('a ringing call of a program that is lost is cancelled, and ended if it is answered even so', async () => {
  await using scene = await aProgramScene();
  const { program, pbx } = scene;
  const { invite } = await calling(scene);
  pbx.answer(invite, 180);
  await program.gets(180);
  program.lose();
  await pbx.expect('CANCEL');
  pbx.answer(invite, 200, { body: SDP });
  await pbx.expect('ACK');
  await pbx.expect('BYE');
});

test('over TCP, when the URI asks for it', async () => {
  await using scene = await aProgramScene();
  const { program, pbx } = scene;
  await program.request('OPTIONS', `${pbx.uri};transport=tcp`);
  const options = await pbx.expect('OPTIONS');
  expect(options.from.transport).toBe('tcp');
  expect(options.header('Via')).toContain('SIP/2.0/TCP');
});
