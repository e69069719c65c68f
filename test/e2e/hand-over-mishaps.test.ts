import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { environment } from '../../src/config/environment.ts';
import { shippedFolders } from '../../src/config/settings-files.ts';
import { openControlSocket } from '../../src/control/socket.ts';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { drawbridge } from '../support/drawbridge.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';
import { childrenOf, processThere, runs, startedWith } from '../support/processes.ts';
import { sdp } from '../support/sip-call.ts';
import type { Place } from '../support/sip-wire.ts';

/** Two processes at once, on a machine that others use too. */
const WITHIN_MS = 20_000;
const OTHER_PORT = 25_062;

let pbx: Pbx;
let gate: Gate;
let phones: Phone[];
let routes: string;
/** Processes that took a place. */
let heirs: number[];

beforeEach(async () => {
  pbx = await aPbx({ address: ownAddress(), port: ownPorts.sip });
  pbx.registersAll();
  pbx.always('INVITE', (invite) => pbx.answer(invite, 200, { body: sdp(pbx.address) }));
  pbx.always('BYE', (bye) => pbx.answer(bye, 200));
  routes = mkdtempSync(join(tmpdir(), 'drawbridge-routes-'));
  cpSync(shippedFolders.routes, routes, { recursive: true });
  phones = [];
  heirs = [];
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(gate.logs().slice(-6000));
  const heir = processThere(gate.data);
  for (const pid of heir === undefined ? heirs : [...heirs, heir])
    if (pid !== gate.pid && runs(pid)) process.kill(pid, 'SIGKILL');
  await Promise.all(phones.map((phone) => phone.close()));
  await gate.close();
  await pbx.close();
  rmSync(routes, { recursive: true });
});

const listens = (...places: readonly string[]): void =>
  writeFileSync(
    join(routes, 'listeners.yaml'),
    `listeners:\n${places.map((place) => `  - listen: ${place}\n`).join('')}`,
  );

/** A gate that listens where `listeners.yaml` says. */
async function start(address: string, ...places: readonly string[]): Promise<void> {
  listens(...places);
  gate = await startGate({
    pbx: `main=${pbx.uri}`,
    address,
    listen: 'as written',
    settings: { 'drain.retryAfterSeconds': 7 },
    flags: ['--routes', routes],
  });
}

async function phoneAt(to: Place, user: string, transport: 'udp' | 'tcp' = 'udp'): Promise<Phone> {
  const phone = await aPhone({ to, user, transport, address: ownAddress() });
  phone.always('BYE', (bye) => phone.answer(bye, 200));
  phones.push(phone);
  await phone.register();
  return phone;
}

const handOver = () => drawbridge('hand-over', '--data', gate.data);

/** As usual, with a call under way. */
async function startInCall() {
  await startUsual();
  const caller = await phoneAt(gate.udp, '101');
  const call = await caller.invite('102');
  await call.answered();
  return { caller, call };
}

/** Nobody else's place, and everything as it was. */
async function staysAsItWas(phone: Phone): Promise<void> {
  await phone.register();
  const call = await phone.invite('102');
  expect((await call.final(WITHIN_MS)).status).toBe(200);
  expect((await call.bye()).status).toBe(200);
  expect(processThere(gate.data)).toBe(gate.pid);
}

describe('a hand-over to other listeners', () => {
  test('inherits those that both have, opens those that are new, and closes those that are wanted no more', async () => {
    const address = ownAddress();
    const [kept, gone, fresh] = [
      `udp:${address}:${ownPorts.sip}`,
      `tcp:${address}:${ownPorts.sip}`,
      `udp:${address}:${OTHER_PORT}`,
    ];
    await start(address, kept, gone);
    const caller = await phoneAt(gate.tcp, '101', 'tcp');
    const call = await caller.invite('102');
    await call.answered();
    const before = gate.pid;

    listens(kept, fresh);
    expect(await handOver()).toMatchObject({ code: 0 });
    await staysServed(await phoneAt(gate.udp, '103'));
    await staysServed(await phoneAt({ address, port: OTHER_PORT }, '104'));
    await expect(
      aPhone({ to: gate.tcp, user: '105', transport: 'tcp', address: ownAddress() }),
    ).rejects.toThrow('ECONNREFUSED');
    // the call over the listener that is gone has its end
    expect((await call.bye()).status).toBe(200);
    await expect.poll(() => runs(before), { timeout: WITHIN_MS }).toBe(false);
    await staysServed(phones[1] as Phone);
    const status = await gate.status();
    expect(status).toContain(fresh);
    expect(status).not.toContain(gone);
    expect(gate.logs()).not.toContain('Warning');
    process.kill(thereNow(), 'SIGTERM');
    expect(await gate.ended()).toEqual({ code: 0, signal: null });
  });

  test.each([
    [
      'overlaps one that stays open for its calls',
      '0.0.0.0',
      /udp:0\.0\.0\.0:25062: .*EADDRINUSE.*udp:127[\d.]+:25062 is open until/,
    ],
    [
      'is on an address that the machine has not',
      '192.0.2.77',
      /udp:192\.0\.2\.77:25062: .*EADDRNOTAVAIL/,
    ],
  ])(
    'is refused while nothing is given away where one that is new %s',
    async (_what, other, says) => {
      const address = ownAddress();
      await start(address, `udp:${address}:${OTHER_PORT}`);
      const phone = await phoneAt({ address, port: OTHER_PORT }, '101');
      listens(`udp:${other}:${OTHER_PORT}`);
      const { code, output } = await handOver();
      expect(output).toMatch(says);
      expect(code).toBe(1);
      await staysAsItWas(phone);
      // the one that could not is ending
      await expect.poll(() => childrenOf(gate.pid), { timeout: WITHIN_MS }).toEqual([]);
    },
  );

  test('is refused where the new place of the metrics is somebody else’s', async () => {
    const address = ownAddress();
    const listener = `udp:${address}:${ownPorts.sip}`;
    const taken = createServer().listen(29_999, address);
    try {
      listens(listener);
      writeFileSync(
        join(routes, 'gate.yaml'),
        `http: { address: ${address}, port: ${ownPorts.http} }\ndrain: { retryAfterSeconds: 7 }\n`,
      );
      gate = await startGate({
        pbx: `main=${pbx.uri}`,
        address,
        listen: 'as written',
        flags: ['--routes', routes],
        http: 'as written',
      });
      const phone = await phoneAt(gate.udp, '101');
      writeFileSync(join(routes, 'gate.yaml'), `http: { address: ${address}, port: 29999 }\n`);
      const { code, output } = await handOver();
      expect(output).toContain(`metrics cannot be served on ${address}:29999`);
      expect(code).toBe(1);
      await staysAsItWas(phone);
    } finally {
      taken.close();
    }
  });
});

async function staysServed(phone: Phone): Promise<void> {
  const call = await phone.invite('102');
  expect((await call.final(WITHIN_MS)).status).toBe(200);
  expect((await call.bye()).status).toBe(200);
}

describe('while the gate before still has calls', () => {
  test('another hand-over is refused at once, nothing is lost, and it is done when they have ended', async () => {
    const { call } = await startInCall();
    const first = gate.pid;
    expect(await handOver()).toMatchObject({ code: 0 });
    const second = thereNow();

    const { code, output } = await handOver();
    expect(output).toContain(`Process ${first}, which handed over to this one, still has calls`);
    expect(code).toBe(1);
    expect(thereNow()).toBe(second);
    await staysServed(await phoneAt(gate.udp, '103'));
    expect((await call.bye()).status).toBe(200);
    await expect.poll(() => runs(first), { timeout: WITHIN_MS }).toBe(false);

    expect(await handOver()).toMatchObject({ code: 0 });
    expect(thereNow()).not.toBe(second);
    await expect.poll(() => runs(second), { timeout: WITHIN_MS }).toBe(false);
    await staysServed(phones[1] as Phone);
  });

  test('the new one that is told to end waits for them, both end with 0, and no socket is opened again', async () => {
    const { caller, call } = await startInCall();
    expect(await handOver()).toMatchObject({ code: 0 });
    const heir = thereNow();
    process.kill(heir, 'SIGTERM');
    await sleep(1500);
    expect(runs(heir)).toBe(true);
    expect((await (await caller.invite('103')).final(WITHIN_MS)).status).toBe(503);
    expect((await call.bye()).status).toBe(200);
    await expect.poll(() => runs(heir), { timeout: WITHIN_MS }).toBe(false);
    expect(await gate.ended()).toEqual({ code: 0, signal: null });
    expect(gate.logs()).not.toContain('cut off');
  });

  test('the new one that is told twice ends at once, and reads nothing that is no longer its', async () => {
    const { caller, call } = await startInCall();
    expect(await handOver()).toMatchObject({ code: 0 });
    const heir = thereNow();
    process.kill(heir, 'SIGTERM');
    await sleep(400);
    const began = performance.now();
    process.kill(heir, 'SIGTERM');
    await expect.poll(() => runs(heir), { timeout: WITHIN_MS }).toBe(false);
    expect(performance.now() - began).toBeLessThan(4000);
    expect(gate.logs()).not.toContain('cut off');
    expect((await (await caller.invite('103')).final(WITHIN_MS)).status).toBe(503);
    expect((await call.bye()).status).toBe(200);
    expect(await gate.ended()).toEqual({ code: 1, signal: null });
  });
});

describe('SIGTERM in the middle of a hand-over', () => {
  test('to the old one, while the new one reads its settings: it drains as ever, ends with 0, and nothing is left of the new one', async () => {
    const { caller, call } = await startInCall();
    const handing = handOver();
    const heir = await heirStopped(() =>
      childrenOf(gate.pid).find((pid) => startedWith(pid, 'GATE_TAKES_OVER')),
    );
    gate.signal('SIGTERM');
    expect(await handing).toMatchObject({
      code: 1,
      output: expect.stringContaining('asked to end: nothing was handed over'),
    });
    await expect.poll(() => runs(heir), { timeout: WITHIN_MS }).toBe(false);
    await drainsAndEndsWith(0, caller, () => call.bye());
  });

  test('to the old one, when it has given all away: it drains, ends with 0, and nothing is left of the new one', async () => {
    const { caller, call } = await startInCall();
    const handing = handOver();
    const heir = await heirStopped(handingTo);
    await sleep(500);
    gate.signal('SIGTERM');
    await expect.poll(() => runs(heir), { timeout: WITHIN_MS }).toBe(false);
    await expect
      .poll(() => gate.logs(), { timeout: WITHIN_MS })
      .toContain('asked to end while handing over');
    await drainsAndEndsWith(0, caller, () => call.bye());
    expect(await handing).toMatchObject({ code: 1 });
  });

  test('to the new one, before it serves: it ends with 1, the old one drains, and ends with 1, to be started anew', async () => {
    const { caller, call } = await startInCall();
    const handing = handOver();
    const heir = await heirStopped(handingTo);
    await sleep(500);
    process.kill(heir, 'SIGTERM');
    process.kill(heir, 'SIGCONT');
    await expect.poll(() => runs(heir), { timeout: WITHIN_MS }).toBe(false);
    await expect.poll(() => gate.logs(), { timeout: WITHIN_MS }).toContain('nobody took over');
    await drainsAndEndsWith(1, caller, () => call.bye());
    expect(await handing).toMatchObject({ code: 1 });
  });
});

test('the old one that is killed when it has given all away has an heir that serves', async () => {
  await startUsual();
  const caller = await phoneAt(gate.udp, '101');
  void handOver();
  const heir = await heirStopped(handingTo);
  await sleep(500);
  gate.signal('SIGKILL');
  await expect.poll(() => runs(gate.pid), { timeout: WITHIN_MS }).toBe(false);
  process.kill(heir, 'SIGCONT');
  await expect
    .poll(
      () =>
        gate.told().then(
          ({ process: pid }) => pid,
          () => 0,
        ),
      { timeout: WITHIN_MS },
    )
    .toBe(heir);
  await staysServed(caller);
});

describe('from a version that hands over in another way', () => {
  test.each(['1', '{"sockets":[],"http":{"address":"127.0.0.1","port":9464}}', '{"protocol":99}'])(
    'the new process that is told %s says so, to the other too, and ends',
    async (mark) => {
      await startUsual();
      const folder = mkdtempSync(join(tmpdir(), 'drawbridge-heir-'));
      const flags = ['--pbx', pbx.uri, '--listen', `udp:${gate.address}:${OTHER_PORT}`];
      const heir = fork('src/main.ts', ['run', ...flags, '--data', folder], {
        env: { ...environment(), GATE_TAKES_OVER: mark },
        silent: true,
      });
      try {
        let printed = '';
        for (const stream of [heir.stdout, heir.stderr])
          stream?.on('data', (text) => (printed += text));
        const [[said], [code]] = await Promise.all([once(heir, 'message'), once(heir, 'close')]);
        expect(said).toEqual({ is: 'unable', why: expect.stringContaining('Restart it') });
        expect(printed).toMatch(/^This gate cannot take the place of .* in another way.*\n$/);
        expect(code).toBe(1);
      } finally {
        heir.kill('SIGKILL');
        rmSync(folder, { recursive: true });
      }
    },
  );

  test('the command says so, and asks for nothing', async () => {
    await startUsual();
    const folder = mkdtempSync(join(tmpdir(), 'drawbridge-before-'));
    const asked: string[] = [];
    const before = await openControlSocket(join(folder, 'control.sock'), async ({ command }) => {
      asked.push(command);
      return { version: '0.0.9', process: 1 };
    });
    try {
      const { code, output } = await drawbridge('hand-over', '--data', folder);
      expect(output).toContain('hands over in another way. Restart it');
      expect(code).toBe(1);
      expect(asked).toEqual(['status']);
    } finally {
      await before.close();
      rmSync(folder, { recursive: true });
    }
  });
});

async function startUsual(): Promise<void> {
  gate = await startGate({
    pbx: `main=${pbx.uri}`,
    settings: { 'drain.retryAfterSeconds': 7 },
  });
}

function thereNow(): number {
  const pid = processThere(gate.data);
  if (pid === undefined) throw new Error('nobody is there');
  heirs.push(pid);
  return pid;
}

/** As the log says that it hands over. */
const handingTo = (): number | undefined =>
  Number(/"process":(\d+)[^\n]*handing over to another/.exec(gate.logs())?.[1]) || undefined;

/** The process that is to take over, stopped where it is. */
async function heirStopped(find: () => number | undefined): Promise<number> {
  const giveUpAt = performance.now() + WITHIN_MS;
  for (;;) {
    const heir = find();
    if (heir !== undefined) {
      process.kill(heir, 'SIGSTOP');
      heirs.push(heir);
      return heir;
    }
    if (performance.now() > giveUpAt) throw new Error('Nobody is to take over.');
    await sleep(5);
  }
}

async function drainsAndEndsWith(
  code: number,
  phone: Phone,
  bye: () => Promise<{ readonly status?: number | undefined }>,
): Promise<void> {
  const refused = await (await phone.invite('103')).final(WITHIN_MS);
  expect([refused.status, refused.header('Retry-After')]).toEqual([503, '7']);
  expect((await bye()).status).toBe(200);
  expect(await gate.ended()).toEqual({ code, signal: null });
}
