import { describe, expect, test } from 'vitest';
import { heard } from '../../contract/scene.ts';
import { eventually, pause } from '../../support/eventually.ts';
import { calledSide, sdp } from '../../support/sip-call.ts';
import { aProgramScene, type ProgramScene } from './raw-program.ts';

const SDP = sdp('127.0.0.1');

/** The call records so far: kind, source and what it says of a role or a reason. */
const recorded = ({ program }: ProgramScene) =>
  program.frames
    .filter(({ kind }) => kind.startsWith('cdr:'))
    .map(({ tokens: [kind, source, _time, what] }) =>
      [kind, source, what].filter(Boolean).join(' '),
    );

test('who registered over a connection is called over it, until the registration is taken back', async () => {
  await using scene = await aProgramScene();
  const { program } = scene;
  const phone = await scene.anotherPhone({ transport: 'tcp', user: 'tess' });
  const contact = '<sip:tess@tess.invalid;transport=tcp>';
  const registering = phone.register({ contact, expires: 60 });
  await program.answer(await program.gets('REGISTER'), 200, { headers: { Expires: '60' } });
  await registering;
  await program.request('INVITE', 'sip:tess@tess.invalid', { body: SDP });
  const invite = await phone.expect('INVITE');
  phone.answer(invite, 200, { headers: { Contact: contact }, body: SDP });
  const ok = await program.gets(200);
  await program.inside(ok.dialogId, 'ACK');
  await phone.expect('ACK');

  const leaving = phone.register({ contact, expires: 0 });
  await program.answer(await program.gets('REGISTER'), 200);
  await leaving;
  await program.request('OPTIONS', 'sip:tess@tess.invalid');
  await program.gets(503, 8000);
  expect(heard(phone, 'OPTIONS')).toEqual([]);
}, 20_000);

test("nobody gets another's calls over his own connection by registering with the PBX's or a carrier's address", async () => {
  const pbxAddress = '127.0.7.1';
  await using scene = await aProgramScene({
    pbx: { address: pbxAddress },
    mayReach: (host) => host === pbxAddress,
  });
  const { program, pbx } = scene;
  const mallory = await scene.anotherPhone({ transport: 'tcp', user: 'mallory' });
  const registering = mallory.register({ contact: `<sip:bob@${pbxAddress}>`, expires: 60 });
  await program.answer(await program.gets('REGISTER'), 200);
  await registering;
  await program.request('INVITE', `sip:bob@${pbxAddress}:${pbx.port}`, { body: SDP });
  pbx.answer(await pbx.expect('INVITE'), 200, { body: SDP });
  await program.gets(200);
  expect(heard(mallory, 'INVITE')).toEqual([]);
});

test('a caller behind a NAT is reached the way it came, wherever its Contact says', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const caller = await phone.invite('service', { headers: { Contact: '<sip:me@10.9.8.7:5099>' } });
  const { dialogId } = await program.answer(await program.gets('INVITE'), 200, { body: SDP });
  await caller.answered();
  await program.gets('ACK');
  await program.inside(dialogId, 'INFO');
  const info = await phone.expect('INFO');
  expect(info.uri).toBe('sip:me@10.9.8.7:5099');
});

test('a re-INVITE that is accepted moves the one who sent it', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  const caller = await phone.invite('service');
  const { dialogId } = await program.answer(await program.gets('INVITE'), 200, { body: SDP });
  await caller.answered();
  await program.gets('ACK');
  const moved = { Contact: '<sip:moved@127.0.0.1:9>' };
  const asked = caller.ask('INVITE', { headers: moved, body: SDP });
  await program.answer(await program.gets('INVITE'), 200, { body: SDP });
  await asked;
  await program.gets('ACK');
  expect((await program.inside(dialogId, 'INFO')).message.uri).toBe('sip:moved@127.0.0.1:9');
});

test('a call whose connection closes while it rings is cancelled for the program', async () => {
  await using scene = await aProgramScene();
  const { program } = scene;
  const phone = await scene.anotherPhone({ transport: 'tcp' });
  await phone.invite('service');
  const invite = await program.gets('INVITE');
  await program.answer(invite, 180);
  await phone.close();
  expect((await program.gets('CANCEL')).transactionId).toBe(invite.transactionId);
  expect((await program.answer(invite, 200, { body: SDP })).ok).toBe(false);
});

test('the offer in a 2xx is answered in the ACK, both ways', async () => {
  await using scene = await aProgramScene();
  const { phone, program, pbx } = scene;
  await program.request('INVITE', `sip:bob@${pbx.address}:${pbx.port}`);
  pbx.answer(await pbx.expect('INVITE'), 200, { body: SDP });
  const said = await program.inside((await program.gets(200)).dialogId, 'ACK', { body: SDP });
  const ack = await pbx.expect('ACK');
  expect([ack.body, ack.header('Content-Type')]).toEqual([SDP, 'application/sdp']);
  expect(said.message.text).toBe(ack.text);

  const caller = await phone.invite('service', { body: '' });
  await program.answer(await program.gets('INVITE'), 200, { body: SDP });
  caller.establish(await phone.finalAnswer(caller.invite));
  caller.acknowledge({ body: SDP });
  expect((await program.gets('ACK')).message.body).toBe(SDP);
});

test('who requires reliable answers gets them from a program that knows of none', async () => {
  await using scene = await aProgramScene();
  const { phone, program } = scene;
  await phone.invite('service', { headers: { Require: '100rel' } });
  await program.answer(await program.gets('INVITE'), 180);
  const ringing = await phone.expect(180);
  expect([ringing.header('Require'), ringing.header('RSeq') !== undefined]).toEqual([
    '100rel',
    true,
  ]);
});

describe('somebody else decides', () => {
  test('to refuse, in their own words', async () => {
    await using scene = await aProgramScene();
    scene.decide = { kind: 'reject', status: 486, reason: 'Not now' };
    const final = await (await scene.phone.invite('service')).final();
    expect(final.startLine).toBe('SIP/2.0 486 Not now');
  });

  test('to refuse for a while', async () => {
    await using scene = await aProgramScene();
    scene.decide = { kind: 'reject', status: 503, retryAfterSeconds: 7 };
    const final = await (await scene.phone.invite('x')).final();
    expect([final.status, final.header('Retry-After')]).toEqual([503, '7']);
  });

  test('to send it elsewhere', async () => {
    await using scene = await aProgramScene();
    scene.decide = { kind: 'redirect', contacts: ['sip:a@b', '"C" <sip:c@d>;q=0.5'] };
    const final = await (await scene.phone.invite('service')).final();
    expect(final.status).toBe(302);
    expect(final.headers('Contact')).toEqual(['<sip:a@b>', '"C" <sip:c@d>;q=0.5']);
  });

  test('for a program that is gone by then', async () => {
    await using scene = await aProgramScene();
    scene.program.connected = false;
    expect((await (await scene.phone.invite('service')).final()).status).toBe(503);
  });

  test('too late: it was cancelled meanwhile', async () => {
    await using scene = await aProgramScene();
    scene.undecided = [];
    const { phone, program, undecided } = scene;
    const caller = await phone.invite('service');
    await phone.expect(100);
    caller.cancel();
    expect((await caller.final()).status).toBe(487);
    for (const chosen of undecided) chosen({ kind: 'program', program });
    await pause(50);
    expect(program.heard()).toEqual([]);
  });
});

test('an order to end a call reaches those of programs: BYE, and CANCEL where it rings', async () => {
  await using scene = await aProgramScene();
  const { phone, program, pbx, gate } = scene;
  const caller = await phone.invite('service');
  await program.answer(await program.gets('INVITE'), 200, { body: SDP });
  await caller.answered();
  await program.gets('ACK');
  expect(gate.serving.end(caller.callId, { text: 'enough' })).toBe(true);
  expect((await phone.expect('BYE')).header('Reason')).toBe('SIP;text="enough"');
  expect((await program.gets('BYE')).transactionId).toBe('unsolicited');

  const ringing = await phone.invite('service');
  const waiting = await program.gets('INVITE');
  expect(gate.serving.end(ringing.callId, { text: 'enough' })).toBe(true);
  expect((await ringing.final()).status).toBe(487);
  expect((await program.gets('CANCEL')).transactionId).toBe(waiting.transactionId);

  const sent = await program.request('INVITE', `sip:bob@${pbx.address}:${pbx.port}`, { body: SDP });
  const invite = await pbx.expect('INVITE');
  pbx.answer(invite, 180);
  await program.gets(180);
  expect(gate.serving.end(sent.message.callId, { text: 'enough' })).toBe(true);
  expect((await pbx.expect('CANCEL')).header('Reason')).toBe('SIP;text="enough"');
});

describe('call records', () => {
  const all = ['cdr:attempt', 'cdr:start', 'cdr:stop'] as const;

  test('of a call that a program answers', async () => {
    await using scene = await aProgramScene();
    for (const kind of all) scene.records.add(kind);
    const { phone, program } = scene;
    const caller = await phone.invite('service');
    await program.answer(await program.gets('INVITE'), 200, { body: SDP });
    await caller.answered();
    const bye = caller.bye();
    await program.answer(await program.gets('BYE'), 200);
    await bye;
    expect(recorded(scene)).toEqual([
      'cdr:attempt network',
      'cdr:start application uas',
      'cdr:stop network normal-release',
    ]);
  });

  test('of one that it places and ends, and of one that is refused', async () => {
    await using scene = await aProgramScene();
    for (const kind of all) scene.records.add(kind);
    const { program, pbx } = scene;
    const uri = `sip:bob@${pbx.address}:${pbx.port}`;
    await program.request('INVITE', uri, { body: SDP });
    pbx.answer(await pbx.expect('INVITE'), 200, { body: SDP });
    const { dialogId } = await program.gets(200);
    await program.inside(dialogId, 'ACK');
    await program.inside(dialogId, 'BYE');
    pbx.answer(await pbx.expect('BYE'), 200);
    await program.gets(200);
    await program.request('INVITE', uri, { body: SDP });
    pbx.answer(await pbx.expect('INVITE'), 486);
    await program.gets(486);
    expect(recorded(scene)).toEqual([
      'cdr:attempt application',
      'cdr:start network uac',
      'cdr:stop application normal-release',
      'cdr:attempt application',
      'cdr:stop network call-rejected',
    ]);
  });

  test('of calls that are refused by the program, and given up by the caller', async () => {
    await using scene = await aProgramScene();
    for (const kind of all) scene.records.add(kind);
    const { phone, program } = scene;
    const refused = await phone.invite('service');
    await program.answer(await program.gets('INVITE'), 486);
    await refused.final();
    const caller = await phone.invite('service');
    await program.gets('INVITE');
    await phone.expect(100, { of: 'INVITE' });
    caller.cancel();
    await caller.final();
    await program.gets('CANCEL');
    expect(recorded(scene)).toEqual([
      'cdr:attempt network',
      'cdr:stop application call-rejected',
      'cdr:attempt network',
      'cdr:stop network call-canceled',
    ]);
  });
});

test('when all is over, nothing is kept', async () => {
  await using scene = await aProgramScene();
  const { phone, program, pbx } = scene;
  for (let round = 0; round < 5; round++) {
    const caller = await phone.invite('service');
    await program.answer(await program.gets('INVITE'), 180);
    caller.cancel();
    await caller.final();
    await program.gets('CANCEL');
    await program.request('INVITE', `sip:bob@${pbx.address}:${pbx.port}`, { body: SDP });
    const invite = await pbx.expect('INVITE');
    pbx.answer(invite, 200, { body: SDP });
    await program.inside((await program.gets(200)).dialogId, 'ACK');
    await pbx.expect('ACK');
    const bye = calledSide(pbx, invite).bye();
    await program.answer(await program.gets('BYE'), 200);
    await bye;
  }
  await eventually(() => scene.holdings().size === 0, 'nothing is held');
});
