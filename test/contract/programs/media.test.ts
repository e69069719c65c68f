import { afterAll, beforeAll, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../../support/a-pbx.ts';
import { calledSide, sdp } from '../../support/sip-call.ts';
import { aProgramServer, type ProgramServer, type RunningProgram } from './program-server.ts';

/**
 * What drachtio-fsmrf does with SIP, as far as it goes without FreeSWITCH: `apps/media.cjs` connects callers to a media
 * server that a test party plays. The package itself is not installed here, nor is its event socket tested.
 */
let server: ProgramServer;
let media: Pbx;
let program: RunningProgram;
beforeAll(async () => {
  server = await aProgramServer();
  media = await aPbx({ answersOptions: false, user: 'freeswitch' });
  program = await server.program('media', { args: [`${media.address}:${media.port}`] });
});
afterAll(async () => {
  await program.kill();
  await media.close();
  await server[Symbol.asyncDispose]();
});

test('a caller is connected to the media server with its own session, and released with it', async () => {
  const phone = await server.phone();
  const call = await phone.invite('9000');
  const invite = await media.expect('INVITE');
  expect(invite.header('X-esl-outbound')).toBe('127.0.0.1:9999');
  expect(invite.header('User-Agent')).toBe('drachtio-fsmrf:uuid');
  expect(invite.body).toBe(call.invite.body);
  const accepting = media.accept(invite);
  expect((await call.answered()).body).toBe(sdp(media.address));
  await accepting;
  await program.says('connected-caller');
  const held = call.ask('INVITE', { body: sdp(phone.address, 40_000, 'sendonly') });
  const reinvite = await media.expect('INVITE');
  media.answer(reinvite, 200, { body: sdp(media.address, 7, 'recvonly') });
  await media.expect('ACK');
  expect((await held).body).toBe(sdp(media.address, 7, 'recvonly'));
  await call.bye();
  media.answer(await media.expect('BYE'), 200);
  await program.says('released');
  await phone.close();
});

test('the media server makes the offer, and has its answer in the ACK', async () => {
  const phone = await server.phone();
  const call = await phone.invite('3pcc');
  const invite = await media.expect('INVITE');
  expect(invite.body).toBe('');
  media.answer(invite, 200, { body: sdp(media.address) });
  const ack = await media.expect('ACK');
  expect(ack.body).toBe(call.invite.body);
  expect(ack.header('Content-Type')).toBe('application/sdp');
  await call.answered();
  const bye = calledSide(media, invite).bye();
  phone.answer(await phone.expect('BYE'), 200);
  await bye;
  await phone.close();
});
