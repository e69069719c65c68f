import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { isRegistrar } from '../support/a-registrar.ts';
import { drawbridge } from '../support/drawbridge.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { onDisk } from '../support/on-disk.ts';
import { ownAddress } from '../support/own-address.ts';

const CLOCK = fileURLToPath(new URL('../support/movable-clock.ts', import.meta.url));
const MINUTE = 60_000;

let pbx: Pbx;
let gate: Gate;
const folder = mkdtempSync(join(tmpdir(), 'guards-'));
const clock = join(folder, 'ahead');
const phones: Phone[] = [];
const home = ownAddress();

beforeAll(async () => {
  writeFileSync(clock, '0');
  pbx = await aPbx();
  isRegistrar(pbx, { passwords: { 1001: 'right', 1002: 'right' } });
  gate = await startGate({
    pbx: pbx.uri,
    rules: 'shipped',
    settings: { 'registration.devices.most': 5 },
    environment: { MOVABLE_CLOCK: clock, NODE_OPTIONS: `--import=${CLOCK}` },
  });
});
afterAll(async () => {
  await gate?.close();
  await pbx?.close();
  rmSync(folder, { recursive: true });
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(gate.logs().slice(-4000));
  await Promise.all(phones.splice(0).map((phone) => phone.close()));
});

async function phone(user: string, password: string, address: string): Promise<Phone> {
  const one = await aPhone({ to: gate.udp, user, password, address });
  phones.push(one);
  return one;
}
async function tries(user: string, password: string, address = ownAddress()) {
  const one = await phone(user, password, address);
  return (await one.tryToRegister()).status;
}
const command = async (...words: readonly string[]) =>
  (await drawbridge(...words, '--data', gate.data)).output;
const guessesHeard = (): number =>
  pbx.received.filter(({ method, header }) => method === 'REGISTER' && header('Authorization'))
    .length;

test('a password that many guess is guarded after a few tries: its owner at home feels nothing, and others may not try (R13)', async () => {
  const owner = await phone('1001', 'right', home);
  await owner.register();
  const before = guessesHeard();
  for (let source = 0; source < 12; source++) expect(await tries('1001', 'wrong')).toBe(401);
  // from about the eighth source on the PBX is not asked any more: how many there are is estimated
  expect(guessesHeard() - before).toBeGreaterThanOrEqual(8);
  expect(guessesHeard() - before).toBeLessThanOrEqual(10);
  expect(await tries('1001', 'right')).toBe(401);
  await owner.register();
  // another phone of his, and after the first was off
  expect(await tries('1001', 'right', home)).toBe(200);
  await owner.unregister();
  expect(await tries('1001', 'right', home)).toBe(200);
  expect(await tries('1002', 'right')).toBe(200);

  const guards = await command('guards');
  expect(guards).toContain('1 extension guarded');
  expect(guards).toMatch(
    /1001 +(?:59 min.*|1 h 0 min) left +distributed-guessing +8 sources failed, \d+ tries/,
  );
  await expect
    .poll(() => command('events', '--kind', 'attack'), { timeout: 10_000 })
    .toMatch(/1001.*8 sources fail at one extension, \d+ tries/);
  expect((await command('events', '--kind', 'attack')).match(/one extension/g)).toHaveLength(1);
  expect(await command('status')).toContain('Guarded extensions: 1');
  await expect.poll(() => gate.metrics(), { timeout: 5000 }).toMatch(/^drawbridge_guards 1$/m);
  expect(await gate.metrics()).toMatch(/^drawbridge_attacks_total\{kind="many-sources"\} 1$/m);
  const explained = await command(
    'explain',
    'register',
    '1001',
    '--running',
    '--source',
    '192.0.2.1',
  );
  expect(explained).toContain('guessed-by-many');
  expect(explained).toContain('1001 is guarded (rule: 8 sources failed');
});

test('guards outlive a crash; one that is set by hand ends when it is told to, one that is lifted is gone', async () => {
  expect(await command('guard', '1002', '--for', '2h', '--why', 'a stolen list')).toMatch(
    /1002 +2 h 0 min left +operator +a stolen list/,
  );
  expect(await command('guards')).toContain('2 extensions guarded');
  await expect.poll(() => onDisk(gate.data, 'guards')).toHaveLength(2);
  await gate.restart();
  expect(await command('guards')).toContain('2 extensions guarded');
  expect(await tries('1001', 'right')).toBe(401);
  expect(await tries('1001', 'right', home)).toBe(200);
  expect(await tries('1002', 'right')).toBe(401);
  expect(await command('unguard', '1001')).toContain('1001 is no longer guarded.');
  expect(await command('unguard', '1001')).toContain('1001 is not guarded.');
  expect(await tries('1001', 'right')).toBe(200);
  expect(await command('guard')).toContain('expected an extension');
});

test('a name longer than any that is listed can be guarded by the rule, and the guard lifted', async () => {
  const name = 'tenant-7f3c.'.repeat(10);
  for (let source = 0; source < 12; source++) expect(await tries(name, 'wrong')).toBe(401);
  expect(await command('guards')).toContain(name);
  expect(await command('unguard', name)).toContain('is no longer guarded');
});

test('those who raised a guard do not hold it by coming again, and stay out when it has ended; others get in', async () => {
  const guessers = Array.from({ length: 10 }, ownAddress);
  const guess = async () => {
    for (const address of guessers) expect(await tries('1002', 'wrong', address)).toBe(401);
  };
  const later = async (minutes: number) => {
    writeFileSync(clock, String(minutes * MINUTE));
    await sleep(1500); // it is looked at, and what has ended goes
  };
  expect(await command('unguard', '1002')).toContain('no longer guarded');
  for (let round = 0; round < 3; round++) await guess();
  expect(await command('guards')).toContain('1002');
  for (const minutes of [15, 35, 55]) {
    await later(minutes);
    await guess();
  }
  await later(80);
  expect(await command('guards')).toContain('No extension is guarded.');
  const before = guessesHeard();
  for (let round = 0; round < 4; round++) await guess();
  // three of each in all, and one or none had been heard when the guard was raised
  expect(guessesHeard() - before).toBeLessThanOrEqual(guessers.length * 3 - 8);
  expect(await tries('1002', 'right')).toBe(200);
});
