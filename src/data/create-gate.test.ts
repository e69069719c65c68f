import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../../test/support/a-pbx.ts';
import { aPhone, type Phone } from '../../test/support/a-phone.ts';
import { secret } from '../../test/support/a-program-server.ts';
import { eventually } from '../../test/support/eventually.ts';
import { ownAddress } from '../../test/support/own-address.ts';
import { sdp } from '../../test/support/sip-call.ts';
import { turnsDuring } from '../../test/support/turns-during.ts';
import { ListeningProgram, WireProgram } from '../../test/support/wire-program.ts';
import { loadSettings } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import { createGate } from './create-gate.ts';
import type { Gate } from './gate.ts';
import { GateEvents } from './gate-events.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** The gate as the worker drives it, between a phone and a PBX. */
async function open(
  set: readonly string[] = [],
): Promise<{ gate: Gate; settings: Settings; phone: Phone; pbx: Pbx }> {
  const pbx = await aPbx();
  undo.push(() => pbx.close());
  const data = mkdtempSync(join(tmpdir(), 'gate-'));
  undo.push(() => rmSync(data, { recursive: true }));
  const rules = 'site.rules=off';
  const flags = { listen: ['udp:127.0.0.1:0'], pbx: [pbx.uri], data, set: [rules, ...set] };
  const loaded = loadSettings(flags, { DRAWBRIDGE_PROGRAMS_SECRET: secret });
  if (!loaded.ok) throw new Error('these settings are wrong');
  const { settings } = loaded;
  const gate = await createGate({
    settings,
    tokenKey: Buffer.alloc(32, 7),
    pinKey: Buffer.alloc(32, 7),
    registrations: [],
    store: { saved() {}, removed() {} },
    blocks: [],
    blocksStore: { changed() {}, seen() {} },
    guards: [],
    guardsStore: { changed() {} },
    enforcement() {},
    log() {},
    event() {},
    events: new GateEvents({ send: () => {} }),
  });
  undo.push(() => gate.close());
  const phone = await aPhone({ to: { address: '127.0.0.1', port: gate.listeners[0]?.port ?? 0 } });
  undo.push(() => phone.close());
  return { gate, settings, phone, pbx };
}

test('a reload changes how long a new call may ring', async () => {
  const { gate, settings, phone, pbx } = await open();
  // shorter than any operator may set it
  gate.reload({ ...settings, calls: { ...settings.calls, ringSeconds: 0.5 } });
  const call = await phone.invite('1002');
  const invite = await pbx.expect('INVITE');
  pbx.answer(invite, 180);
  await call.rings();
  pbx.answer(await pbx.expect('CANCEL'), 200);
  pbx.answer(invite, 487);
  expect((await call.final()).status).toBe(487);
});

test('a reload changes after which silence a new call is forgotten', async () => {
  const { gate, settings, phone, pbx } = await open();
  gate.reload({ ...settings, calls: { ...settings.calls, forgetAfterHours: 0.5 / 3600 } });
  const call = await phone.invite('1002');
  const accepting = pbx.accept(await pbx.expect('INVITE'));
  await call.answered();
  await accepting;
  expect(gate.status(1).calls.count).toBe(1);
  await expect.poll(() => gate.status(1).calls.count, { timeout: 3000 }).toBe(0);
});

test('calls that ring are listed, and ended with the answered ones', async () => {
  const { gate, phone, pbx } = await open();
  const answered = await phone.invite('1002');
  const accepting = pbx.accept(await pbx.expect('INVITE'));
  await answered.answered();
  await accepting;
  const calls = [await phone.invite('1003'), await phone.invite('1004')];
  for (const call of calls) {
    const invite = await pbx.expect('INVITE');
    pbx.answer(invite, 180);
    await call.rings();
  }
  expect(gate.status(10).calls).toMatchObject({
    count: 1,
    ringing: 2,
    rows: [
      { callId: answered.callId, state: 'answered', callee: `udp 127.0.0.1:${pbx.port}` },
      {
        id: `${calls[0]?.callId};from-tag=${calls[0]?.invite.fromTag}`,
        state: 'ringing',
        from: calls[0]?.invite.header('From'),
        to: calls[0]?.invite.header('To'),
        caller: `udp 127.0.0.1:${phone.port}`,
        callee: undefined,
      },
      { callId: calls[1]?.callId, state: 'ringing' },
    ],
  });
  expect(gate.status(2).calls).toMatchObject({ ringing: 2, rows: [{}, {}] });
  expect(gate.stats()).toMatchObject({ calls: 1, ringing: 2 });

  for (const party of [phone, pbx]) party.always('BYE', (bye) => party.answer(bye, 200));
  pbx.always('CANCEL', (cancel) => {
    pbx.answer(cancel, 200);
    const invite = pbx.received.find(
      ({ method, callId }) => method === 'INVITE' && callId === cancel.callId,
    );
    if (invite !== undefined) pbx.answer(invite, 487);
  });
  expect(await gate.hangup(undefined, { text: 'ended by the operator' })).toBe(3);
  for (const call of calls) expect((await call.final()).status).toBe(487);
  await expect.poll(() => gate.status(10).calls).toEqual({ count: 0, ringing: 0, rows: [] });
  expect(pbx.received.find(({ method }) => method === 'CANCEL')?.header('Reason')).toContain(
    'ended by the operator',
  );
});

test('one that rings is ended by its Call-ID or by its id; one that nobody has is not', async () => {
  const { gate, phone, pbx } = await open();
  pbx.always('CANCEL', (cancel) => pbx.answer(cancel, 200));
  for (const name of ['callId', 'id'] as const) {
    await phone.invite('1003');
    const invite = await pbx.expect('INVITE');
    pbx.answer(invite, 180);
    await phone.expect(180);
    const [row] = gate.status(1).calls.rows;
    expect(await gate.hangup(row?.[name], { text: 'ended' })).toBe(1);
    pbx.answer(invite, 487);
    expect((await phone.expect(487)).callId).toBe(row?.callId);
  }
  expect(await gate.hangup('no-such-call', { text: 'ended' })).toBe(0);
});

test('very many calls are hung up a few at a time: packets pass meanwhile', async () => {
  const { gate, phone, pbx } = await open();
  pbx.always('CANCEL', (cancel) => pbx.answer(cancel, 200));
  for (let one = 0; one < 40; one++) await phone.invite('1003');
  await expect.poll(() => gate.status(1).calls.ringing).toBe(40);
  const { turns, result } = await turnsDuring(() => gate.hangup(undefined, { text: 'ended' }));
  expect(result).toBe(40);
  expect(turns).toBeGreaterThanOrEqual(3);
});

test('a re-INVITE under way is no call of its own', async () => {
  const { gate, phone, pbx } = await open();
  const call = await phone.invite('1002');
  const accepting = pbx.accept(await pbx.expect('INVITE'));
  await call.answered();
  await accepting;
  call.request('INVITE');
  await pbx.expect('INVITE');
  expect(gate.status(10).calls).toMatchObject({ count: 1, ringing: 0, rows: [{}] });
});

/** A program that is in, and asked for INVITEs. */
async function aProgram(gate: Gate): Promise<WireProgram> {
  const { port } = gate.status(0).programs ?? {};
  if (port === undefined) throw new Error('no program can connect');
  const program = await WireProgram.to(port);
  undo.push(() => program[Symbol.asyncDispose]());
  await program.authenticate(secret);
  await program.told(['route', 'invite']);
  return program;
}

/** The transactionId of the INVITE it was given. */
async function givenInvite(program: WireProgram): Promise<string> {
  const invite = () => program.given().find(({ text }) => text.startsWith('INVITE '));
  await eventually(() => invite() !== undefined, 'the program has an INVITE');
  return invite()?.tokens[8] ?? '';
}

const answer = (status: number, body = '') =>
  `SIP/2.0 ${status} Said\r\nContent-Type: application/sdp\r\n\r\n${body}`;

test('a program has the calls that its rules name, and they are counted, drained for and ended', async () => {
  const { gate, phone, pbx } = await open([
    'programPort.port=0',
    'programs.requests=[{ user: 7* }]',
  ]);
  const program = await aProgram(gate);
  await phone.invite('1002');
  pbx.answer(await pbx.expect('INVITE'), 486);
  await phone.expect(486);
  const call = await phone.invite('701');
  const id = await givenInvite(program);
  expect(gate.status(9).programs).toMatchObject({ count: 1, rows: [{ requests: 1, calls: 0 }] });
  await program.told(['sip', id, ''], answer(200, sdp('127.0.0.1')));
  await call.answered();
  expect(gate.status(9).programs).toMatchObject({ rows: [{ requests: 0, calls: 1 }] });
  expect(gate.stats().programs).toMatchObject({ connected: 1, requests: { given: 1 } });
  expect(gate.liveCalls()).toBe(1);

  gate.drain();
  const late = await phone.invite('702');
  expect((await late.final()).status).toBe(503);
  expect(gate.liveCalls()).toBe(1);
  expect(await gate.hangup('no-such-call', { text: 'ended' })).toBe(0);
  expect(await gate.hangup(undefined, { text: 'ended by the operator' })).toBe(1);
  const bye = await phone.expect('BYE');
  phone.answer(bye, 200);
  expect(bye.header('Reason')).toContain('ended by the operator');
  await eventually(() => gate.liveCalls() === 0, 'it is over');
});

test('a program whose gate closes has its callers told', async () => {
  const { gate, phone } = await open(['programPort.port=0', 'programs.requests=[{ user: 7* }]']);
  const program = await aProgram(gate);
  const call = await phone.invite('701');
  await givenInvite(program);
  await gate.close();
  expect((await call.final()).status).toBe(503);
  await eventually(() => program.closed, 'it is gone');
});

test('a reload gives programs other requests, and connects to programs where there were none', async () => {
  const { gate, settings, phone, pbx } = await open();
  expect(gate.status(9).programs).toBeUndefined();
  await phone.invite('701');
  pbx.answer(await pbx.expect('INVITE'), 486);
  const app = await ListeningProgram.open(ownAddress(), (one) => {
    one.say(['authenticate', secret, '']);
  });
  undo.push(() => app[Symbol.asyncDispose]());
  gate.reload({
    ...settings,
    programs: {
      secret,
      requests: [{ user: '7*', to: 'programs' }],
      handlers: [{ url: `tcp://${app.place}`, method: 'GET' }],
    },
  });
  const call = await phone.invite('702');
  await eventually(() => app.connections.length === 1, 'it is connected to');
  const [program] = app.connections;
  if (program === undefined) throw new Error('no connection');
  await program.told(['sip', await givenInvite(program), ''], answer(603));
  expect((await call.final()).status).toBe(603);

  gate.reload({ ...settings, programs: { secret, requests: [], handlers: [] } });
  await phone.invite('703');
  pbx.answer(await pbx.expect('INVITE'), 486);
});

test('a program port that is taken keeps the gate from opening, and nothing stays behind', async () => {
  const { gate } = await open(['programPort.port=0']);
  const { port } = gate.status(0).programs?.port ?? {};
  const address = ownAddress();
  const listen = `udp:${address}:25060`;
  await expect(
    open([`programPort.port=${port}`, `listeners=[{ listen: "${listen}" }]`]),
  ).rejects.toThrow(`cannot listen for programs on 127.0.0.1 port ${port}`);
  await open([`listeners=[{ listen: "${listen}" }]`]);
});
