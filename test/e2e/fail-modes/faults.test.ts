import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../../support/a-pbx.ts';
import { aPhone, type Phone } from '../../support/a-phone.ts';
import { drawbridge } from '../../support/drawbridge.ts';
import { metric } from '../../support/gate-health.ts';
import { type Gate, startGate } from '../../support/gate-process.ts';
import { onDisk } from '../../support/on-disk.ts';
import { ownAddress } from '../../support/own-address.ts';
import { Saboteur } from '../../support/saboteur.ts';
import type { SipCall } from '../../support/sip-call.ts';

let saboteur: Saboteur;
let pbx: Pbx;
let gate: Gate;
let phone: Phone;

beforeEach(async () => {
  saboteur = new Saboteur();
  pbx = await aPbx({ address: ownAddress() });
  pbx.registersAll();
  pbx.always('BYE', (bye) => pbx.answer(bye, 200));
  gate = await startGate({
    pbx: pbx.uri,
    rules: 'shipped',
    // strangers are told that they are refused: silence would prove nothing
    settings: { 'drain.deadlineSeconds': 20, 'network.stealth.mode': 'off' },
    environment: saboteur.environment,
  });
  phone = await aPhone({ to: gate.udp, user: '1001', address: ownAddress() });
  await phone.register();
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(gate.logs().slice(-4000));
  await Promise.all([phone.close(), gate.close(), pbx.close()]);
  saboteur.leave();
});

/** A call from the phone that the PBX has answered. */
async function liveCall(): Promise<SipCall> {
  const call = await phone.invite('1002');
  const invite = await pbx.expect('INVITE');
  await Promise.all([pbx.accept(invite), call.answered()]);
  return call;
}

const logged = (text: string | RegExp): Promise<void> =>
  expect.poll(() => gate.logs(), { timeout: 10_000 }).toMatch(text);

async function isReachedAtOnce(): Promise<void> {
  const contact = pbx.received.findLast(({ method }) => method === 'REGISTER')?.header('Contact');
  const uri = /<([^>]+)>/.exec(contact ?? '')?.[1] ?? '';
  const call = await pbx.invite(uri, { to: gate.udp });
  phone.answer(await phone.expect('INVITE'), 486);
  expect((await call.final()).status).toBe(486);
}

test('a rule that throws refuses what it was asked about, but no emergency call, and is said to be our fault', async () => {
  await saboteur.order('rule no-guests');
  expect((await (await phone.invite('1002')).final()).status).toBe(500);
  const stranger = await aPhone({ to: gate.udp, user: '1001', address: ownAddress() });
  expect((await (await stranger.invite('1002')).final()).status).toBe(500);
  await stranger.close();
  await logged(
    /"rule":"no-guests","fault":"Error: sabotage.*"msg":"a rule threw: a fault in the gate itself"/,
  );
  await expect
    .poll(() => gate.metrics(), { timeout: 5000 })
    .toMatch(/decisions_total\{.*reason="rule-failed",.*realm="access",tier="known"\} 1/);

  const found = await drawbridge('events', '--reason', 'rule-failed', '--data', gate.data);
  expect(found.output).toContain('no-guests');

  const help = await phone.invite('112');
  pbx.answer(await pbx.expect('INVITE'), 486);
  expect((await help.final()).status).toBe(486);
  await saboteur.order('rule none');
  await liveCall();
});

describe('the control plane', () => {
  test('that hangs holds up no call, live or new, and no registration', async () => {
    const call = await liveCall();
    await saboteur.order('control hang 4000');
    const answers = fetch(`http://${gate.http}/healthz`, { signal: AbortSignal.timeout(2000) });
    expect((await call.bye()).status).toBe(200);
    await (await liveCall()).bye();
    await phone.register();
    await expect(answers).rejects.toThrow('timeout');
    await expect
      .poll(() => metric(gate, 'drawbridge_event_loop_lag_seconds'), { timeout: 10_000 })
      .toBeGreaterThan(3);
    expect(await gate.status()).toContain('Registrations: 1');
  });

  test('that dies ends no call: the process goes on until none is left, and then is started anew', async () => {
    const call = await liveCall();
    await saboteur.order('control throw');
    await logged(/Error: sabotage.*an error nobody caught/);
    expect((await fetch(`http://${gate.http}/readyz`)).status).toBe(503);
    await (await liveCall()).bye();
    expect(await metric(gate, 'drawbridge_control_plane_faults_total')).toBe(1);
    expect((await call.bye()).status).toBe(200);
    expect(await gate.ended()).toEqual({ code: 1, signal: null });
    saboteur.stop();
    await gate.start();
    await isReachedAtOnce();
  });
});

describe('the data plane', () => {
  test('that dies takes the process with it, and UDP phones are reached at once when that is started anew', async () => {
    const call = await liveCall();
    await expect.poll(() => onDisk(gate.data, 'registrations')).toHaveLength(1);
    await saboteur.order('data throw');
    expect(await gate.ended()).toEqual({ code: 1, signal: null });
    expect(gate.logs()).toMatch(/Error: sabotage.*the data plane crashed/);
    saboteur.stop();
    await gate.start();
    await isReachedAtOnce();
    // both sides still find each other through the gate
    expect((await call.bye()).status).toBe(200);
    await (await liveCall()).bye();
  });

  test('that hangs takes the process with it as well', async () => {
    await expect.poll(() => onDisk(gate.data, 'registrations')).toHaveLength(1);
    await saboteur.order('data hang 60000');
    await logged('the gate does not do its work');
    expect((await fetch(`http://${gate.http}/healthz`)).status).toBe(503);
    expect(await gate.ended()).toEqual({ code: 1, signal: null });
    expect(gate.logs()).toContain('the data plane hangs');
    saboteur.stop();
    await gate.start();
    await isReachedAtOnce();
  });
});
