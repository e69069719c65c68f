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
