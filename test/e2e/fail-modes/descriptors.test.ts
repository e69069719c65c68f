import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../../support/a-pbx.ts';
import { aPhone, type Phone } from '../../support/a-phone.ts';
import { runToEnd } from '../../support/background-process.ts';
import { metric } from '../../support/gate-health.ts';
import { type Gate, startGate } from '../../support/gate-process.ts';
import { ownAddress } from '../../support/own-address.ts';

let pbx: Pbx;
let gate: Gate;
const phones: Phone[] = [];
const strangers: Socket[] = [];

beforeEach(async () => {
  pbx = await aPbx({ address: ownAddress() });
  pbx.registersAll();
  pbx.always('BYE', (bye) => pbx.answer(bye, 200));
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(gate.logs().slice(-4000));
  for (const stranger of strangers.splice(0)) stranger.destroy();
  await Promise.all([...phones.splice(0).map((phone) => phone.close()), gate.close(), pbx.close()]);
});

const mayOpen = (most: number) =>
  runToEnd('prlimit', 'prlimit', ['--pid', String(gate.pid), `--nofile=${most}:${most}`]);

async function strangersConnect(count: number): Promise<void> {
  for (let one = 0; one < count; one++) {
    const stranger = connect({
      host: gate.address,
      port: gate.tcp.port,
      localAddress: ownAddress(),
    });
    stranger.on('error', () => {}); // turned away
    strangers.push(stranger);
  }
  await sleep(500);
}

async function register(transport: 'udp' | 'tcp', user: string): Promise<Phone> {
  const phone = await aPhone({ to: gate[transport], transport, user, address: ownAddress() });
  phones.push(phone);
  await phone.register();
  return phone;
}

async function makesACall(phone: Phone): Promise<void> {
  const call = await phone.invite('1003');
  await Promise.all([pbx.accept(await pbx.expect('INVITE')), call.answered()]);
  await call.bye();
}

test('strangers who take every connection there is leave the gate its files, and phones on UDP feel nothing', async () => {
  gate = await startGate({ pbx: pbx.uri, rules: 'shipped', mostFiles: 200 });
  await expect
    .poll(() => gate.logs())
    .toMatch(/"connections":100,"wanted":20000,"msg":"the system lets/);
  await strangersConnect(250);
  await makesACall(await register('udp', '1001'));
  await expect
    .poll(() => gate.metrics(), { timeout: 5000 })
    .toMatch(/connections_refused_total\{limit="total"\} 150/);
  expect(await metric(gate, 'drawbridge_process_files')).toBeGreaterThan(200 + 100);
  expect(await gate.status()).toContain('Registrations: 1');
  expect(gate.logs()).not.toContain('no file descriptor is left');
});

test('without a file descriptor left those who are connected are served, settings stay, and all goes on when there are some', async () => {
  // strangers are told that they are refused: silence would prove nothing
  const settings = { 'network.stealth.mode': 'off' };
  gate = await startGate({ pbx: pbx.uri, rules: 'shipped', settings });
  const [udp, tcp] = [await register('udp', '1001'), await register('tcp', '1002')];
  await sleep(500);
  await mayOpen(readdirSync(`/proc/${gate.pid}/fd`).length + 10);
  await strangersConnect(40);
  await expect.poll(() => gate.logs(), { timeout: 10_000 }).toContain('no file descriptor is left');
  for (const phone of [udp, tcp]) {
    await phone.register();
    await makesACall(phone);
  }
  // whoever is none of them gets in no more than before
  const stranger = await aPhone({ to: gate.udp, user: '1001', address: ownAddress() });
  phones.push(stranger);
  expect((await (await stranger.invite('1003')).final()).status).toBe(403);

  await expect.poll(() => gate.logs(), { timeout: 5000 }).toContain('events cannot be written');

  for (const one of strangers.splice(0)) one.destroy();
  await expect.poll(() => gate.logs(), { timeout: 10_000 }).toContain('file descriptors again');
  await register('tcp', '1004');
  await expect
    .poll(() => gate.logs(), { timeout: 5000 })
    .toContain('events are written to disk again');
  expect(await metric(gate, 'drawbridge_events_lost_total')).toBeGreaterThan(0);
  expect(gate.logs()).not.toMatch(/reload|nobody caught/);
  expect(await gate.status()).toContain('Registrations: 3');
});
