import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../../test/support/a-pbx.ts';
import { aPhone, type Phone } from '../../test/support/a-phone.ts';
import { loadSettings } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import { createGate } from './create-gate.ts';
import type { Gate } from './gate.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** The gate as the worker drives it, between a phone and a PBX. */
async function open(): Promise<{ gate: Gate; settings: Settings; phone: Phone; pbx: Pbx }> {
  const pbx = await aPbx();
  undo.push(() => pbx.close());
  const data = mkdtempSync(join(tmpdir(), 'gate-'));
  undo.push(() => rmSync(data, { recursive: true }));
  const loaded = loadSettings({ listen: ['udp:127.0.0.1:0'], pbx: [pbx.uri], data }, {});
  if (!loaded.ok) throw new Error('these settings are wrong');
  const { settings } = loaded;
  const gate = await createGate({
    settings,
    tokenKey: Buffer.alloc(32, 7),
    registrations: [],
    store: { saved() {}, removed() {} },
    log() {},
    event() {},
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
  expect(gate.hangup(undefined, { text: 'ended by the operator' })).toBe(3);
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
    expect(gate.hangup(row?.[name], { text: 'ended' })).toBe(1);
    pbx.answer(invite, 487);
    expect((await phone.expect(487)).callId).toBe(row?.callId);
  }
  expect(gate.hangup('no-such-call', { text: 'ended' })).toBe(0);
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
