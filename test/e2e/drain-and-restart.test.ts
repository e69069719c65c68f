import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { runToEnd } from '../support/background-process.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { onDisk } from '../support/on-disk.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';
import type { SipCall } from '../support/sip-call.ts';

let gate: Gate;
let pbx: Pbx;
let phone: Phone;

afterEach(async () => {
  await gate.close();
  await phone.close();
  await pbx.close();
});

/** A gate with one PBX and one registered phone. */
async function open(settings: Readonly<Record<string, number>> = {}): Promise<void> {
  pbx = await aPbx({ address: ownAddress(), port: ownPorts.sip });
  pbx.registersAll();
  gate = await startGate({ pbx: `main=${pbx.uri}`, settings });
  phone = await aPhone({ to: gate.udp, user: '101', address: ownAddress() });
  await phone.register();
}

/** A call from the phone that the PBX has answered. */
async function liveCall(): Promise<SipCall> {
  const call = await phone.invite('102');
  const invite = await pbx.expect('INVITE');
  await Promise.all([pbx.accept(invite), call.answered()]);
  return call;
}

const readyz = async () => {
  const response = await fetch(`http://${gate.http}/readyz`);
  return { status: response.status, text: await response.text() };
};

describe('a gate told to end while a call lives (X7)', () => {
  test('refuses new calls with a time to come back, is not ready, and ends when the call does', async () => {
    await open({ 'drain.retryAfterSeconds': 17 });
    const call = await liveCall();
    gate.signal('SIGTERM');
    await expect.poll(async () => (await readyz()).text.includes('draining')).toBe(true);
    expect((await readyz()).status).toBe(503);

    const refused = await (await phone.invite('103')).final();
    expect(refused.status).toBe(503);
    expect(refused.header('Retry-After')).toBe('17');
    await phone.register();

    pbx.always('BYE', (bye) => pbx.answer(bye, 200));
    expect((await call.bye()).status).toBe(200);
    expect(await gate.ended()).toEqual({ code: 0, signal: null });
  });

  test('ends at the deadline whatever is left', async () => {
    await open({ 'drain.deadlineSeconds': 1 });
    await liveCall();
    gate.signal('SIGTERM');
    expect(await gate.ended()).toEqual({ code: 0, signal: null });
    expect(gate.logs()).toContain('the drain deadline has passed');
  });

  test('ends at once when told a second time', async () => {
    await open();
    await liveCall();
    gate.signal('SIGTERM');
    // What npm hands on beside the terminal's own is the same order, not a second.
    gate.signal('SIGTERM');
    await expect.poll(async () => gate.logs().includes('draining: no new calls')).toBe(true);
    await sleep(400);
    expect(gate.logs()).not.toContain('ending at once');
    const before = Date.now();
    gate.signal('SIGTERM');
    expect(await gate.ended()).toEqual({ code: 0, signal: null });
    expect(Date.now() - before).toBeLessThan(4000);
  });

  test('ends at once at the deadline though a call still rings', async () => {
    await open({ 'drain.deadlineSeconds': 1 });
    await phone.invite('102');
    pbx.answer(await pbx.expect('INVITE'), 180);
    gate.signal('SIGTERM');
    expect(await gate.ended()).toEqual({ code: 0, signal: null });
    expect(gate.logs()).toContain('the drain deadline has passed');
    expect(gate.logs()).not.toContain('cut off');
  });
});

describe('status and hangup', () => {
  test('show the live call, and end it on both sides', async () => {
    await open();
    const call = await liveCall();
    const status = await gate.status();
    expect(status).toContain('101@');
    expect(status).toContain('Calls: 1');
    expect(status).toContain(call.callId);

    phone.always('BYE', (bye) => phone.answer(bye, 200));
    pbx.always('BYE', (bye) => pbx.answer(bye, 200));
    const words = ['src/main.ts', 'hangup', call.callId, '--data', gate.data];
    expect(await runToEnd('hangup', process.execPath, words)).toBe('1 call ended.\n');
    const ends = (party: Phone | Pbx) => party.received.filter(({ method }) => method === 'BYE');
    await expect.poll(async () => ends(phone).length === 1 && ends(pbx).length === 1).toBe(true);
    expect(await gate.status()).toContain('Calls: 0');
  });
});

describe('registrations (X9)', () => {
  test('outlive a process that is killed', async () => {
    await open();
    await expect.poll(() => onDisk(gate.data, 'registrations')).toHaveLength(1);
    await gate.restart();
    const status = await gate.status();
    expect(status).toContain('Registrations: 1');
    expect(status).toContain('101@');
  });

  test('outlive a process that ends', async () => {
    await open();
    await gate.stop();
    await gate.start();
    expect(await gate.status()).toContain('Registrations: 1');
  });
});
