import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { drawbridge } from '../support/drawbridge.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';
import { processThere, runs } from '../support/processes.ts';
import { sdp } from '../support/sip-call.ts';
import type { Received } from '../support/sip-party.ts';

/** Both processes at once, on a machine that others use too. */
const WITHIN_MS = 20_000;

let pbx: Pbx;
let gate: Gate;
let phones: Phone[];
let policies: string;
/** Calls to this one ring until the test answers. */
const RINGS = '555';

beforeEach(async () => {
  pbx = await aPbx({ address: ownAddress(), port: ownPorts.sip });
  pbx.registersAll();
  pbx.takesAllCalls();
  pbx.always('INVITE', (invite) => {
    if (invite.uri?.includes(`${RINGS}@`)) pbx.answer(invite, 180);
    else pbx.answer(invite, 200, { body: sdp(pbx.address) });
  });
  policies = mkdtempSync(join(tmpdir(), 'drawbridge-policies-'));
  cpSync(fileURLToPath(new URL('../../policies', import.meta.url)), policies, { recursive: true });
  gate = await startGate({
    pbx: `main=${pbx.uri}`,
    settings: { 'drain.retryAfterSeconds': 7 },
    flags: ['--policies', policies],
  });
  phones = [];
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(gate.logs().slice(-6000));
  const heir = processThere(gate.data);
  // it writes where the first one wrote, which is not over until both are gone
  if (heir !== undefined && heir !== gate.pid && runs(heir)) process.kill(heir, 'SIGKILL');
  await Promise.all(phones.map((phone) => phone.close()));
  await gate.close();
  await pbx.close();
  rmSync(policies, { recursive: true });
});

async function phoneNamed(user: string, transport: 'udp' | 'tls' = 'udp'): Promise<Phone> {
  const to = transport === 'udp' ? gate.udp : gate.tls;
  const tls = { rejectUnauthorized: false };
  const phone = await aPhone({ to, user, transport, tls, address: ownAddress() });
  phone.always('BYE', (bye) => phone.answer(bye, 200));
  phones.push(phone);
  await phone.register();
  return phone;
}

/** The Contact by which the PBX reaches it. */
function contactOf(user: string): string {
  const register = pbx.received.findLast(
    (message) => message.method === 'REGISTER' && message.header('To')?.includes(`sip:${user}@`),
  );
  return /<([^>]+)>/.exec(register?.header('Contact') ?? '')?.[1] ?? '';
}

async function isReached(phone: Phone, user: string): Promise<void> {
  const call = await pbx.invite(contactOf(user), { to: gate.udp });
  phone.answer(await phone.expect('INVITE', { within: WITHIN_MS }), 486);
  expect((await call.final(WITHIN_MS)).status).toBe(486);
}

const handOver = () => drawbridge('hand-over', '--data', gate.data);

/** Registers and calls until told to stop, and gives every final answer. */
async function usesTheGate(user: string, stopped: () => boolean): Promise<readonly Received[]> {
  const phone = await phoneNamed(user);
  const answers: Received[] = [];
  for (let cseq = 10; !stopped(); cseq++) {
    const domain = gate.address;
    const registering = phone.request('REGISTER', `sip:${domain}`, {
      headers: {
        To: `<sip:${user}@${domain}>`,
        'Call-ID': `load-${user}`,
        CSeq: `${cseq} REGISTER`,
        Expires: '300',
      },
    });
    answers.push(await phone.finalAnswer(registering, WITHIN_MS));
    const call = await phone.invite('102');
    const answer = await call.final(WITHIN_MS);
    answers.push(answer);
    if (answer.status === 200)
      answers.push(await phone.finalAnswer(call.request('BYE'), WITHIN_MS));
    await sleep(20);
  }
  return answers;
}

describe('a gate whose place another takes', () => {
  test('under load drops no call, loses no registration, and refuses nothing but by 503 with a time to come back', async () => {
    const caller = await phoneNamed('101');
    const call = await caller.invite('102');
    await call.answered();
    const ringing = await caller.invite(RINGS);
    await ringing.rings();
    await phoneNamed('103');

    let stopped = false;
    const load = ['201', '202', '203', '204'].map((user) => usesTheGate(user, () => stopped));
    await sleep(300);
    const before = gate.pid;
    const { code, output } = await handOver();
    expect(output).toMatch(/^Process \d+ serves, version /);
    expect(code).toBe(0);
    expect(processThere(gate.data)).not.toBe(before);
    await sleep(300);
    stopped = true;

    const answers = (await Promise.all(load)).flat();
    expect(answers.length).toBeGreaterThan(20);
    for (const answer of answers)
      if (answer.status === 503) expect(answer.header('Retry-After')).toBe('7');
      else expect(answer.status).toBe(200);
    expect(await gate.status()).toContain('Registrations: 6');

    // what rang before is answered after, and what was answered is ended
    const invite = pbx.received.find(({ uri }) => uri?.includes(`${RINGS}@`));
    if (invite === undefined) throw new Error('nothing rang');
    pbx.answer(invite, 200, { body: sdp(pbx.address) });
    await ringing.answered(WITHIN_MS);
    await isReached(caller, '101');
    expect(gate.logs()).not.toContain('stopped');
    expect((await ringing.bye()).status).toBe(200);
    expect((await call.bye()).status).toBe(200);
    await expect.poll(() => runs(before), { timeout: WITHIN_MS }).toBe(false);
    expect(gate.logs()).toContain('"stopped"');

    // the new one reads the sockets by itself now
    await caller.register();
    await isReached(caller, '101');
    expect((await (await caller.invite('102')).final(WITHIN_MS)).status).toBe(200);
  });

  test('keeps the connections that calls go over, and lets the others come back', async () => {
    const caller = await phoneNamed('101', 'tls');
    const idle = await phoneNamed('102', 'tls');
    const call = await caller.invite('900');
    await call.answered();

    expect((await handOver()).code).toBe(0);
    await idle.disconnected(WITHIN_MS);
    const back = await phoneNamed('102', 'tls');
    await isReached(back, '102');

    // by the connection that the old one holds, at the new one
    await isReached(caller, '101');
    const second = await caller.invite('900');
    expect((await second.final(WITHIN_MS)).status).toBe(200);
    expect((await second.bye()).status).toBe(200);
    expect((await call.bye()).status).toBe(200);
  });
});

test('where the new one dies while the old one has calls, these go on, new ones get 503 with a time to come back, and the old one ends with 1', async () => {
  const caller = await phoneNamed('101');
  const call = await caller.invite('102');
  await call.answered();
  const before = gate.pid;
  expect((await handOver()).code).toBe(0);
  const heir = processThere(gate.data);
  if (heir === undefined || heir === before) throw new Error('nobody took over');
  process.kill(heir, 'SIGKILL');
  await expect.poll(() => runs(heir), { timeout: WITHIN_MS }).toBe(false);
  await sleep(500);

  const refused = await (await caller.invite('103')).final(WITHIN_MS);
  expect(refused.status).toBe(503);
  expect(refused.header('Retry-After')).toBe('7');
  expect((await call.bye()).status).toBe(200);
  expect(await gate.ended()).toEqual({ code: 1, signal: null });
});

test('a new version that finds a setting wrong takes no place, and all stays as it was', async () => {
  const phone = await phoneNamed('101');
  writeFileSync(join(policies, 'network.yaml'), 'network: {nonsense: 1}\n');
  const { code, output } = await handOver();
  expect(output).toContain('does not take over');
  expect(code).toBe(1);
  expect(gate.logs()).toContain('nonsense');
  await phone.register();
  expect((await (await phone.invite('102')).final()).status).toBe(200);
  expect(processThere(gate.data)).toBe(gate.pid);
});
