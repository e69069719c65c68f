import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { countryFile } from '../support/country-file.ts';
import { drawbridge } from '../support/drawbridge.ts';
import { flood } from '../support/flood.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { onDisk } from '../support/on-disk.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';
import { type SippOptions, sipp } from '../support/sipp.ts';

let pbx: Pbx;
let gate: Gate;
const phones: Phone[] = [];
const SIPP_PORT = 5070;

async function start(settings: Readonly<Record<string, string | number>> = {}): Promise<void> {
  pbx = await aPbx({ address: ownAddress() });
  pbx.registersAll();
  gate = await startGate({ pbx: pbx.uri, rules: 'shipped', settings });
}
afterEach(async () => {
  await Promise.all(phones.splice(0).map((phone) => phone.close()));
  await gate?.close();
  await pbx?.close();
});

const play = (scenario: string, address: string, more: Partial<SippOptions> = {}) =>
  sipp(`attack/${scenario}`, { target: gate.udp, address, ...more });

/** Does a phone at this address get what it asks for? */
async function isServed(address: string, port = 0): Promise<boolean> {
  const user = String(1000 + phones.length);
  const phone = await aPhone({ user, address, port, to: gate.udp });
  phones.push(phone);
  return Promise.race([phone.register().then(() => true), sleep(1500).then(() => false)]);
}

/** `unheard-register` comes out for one, and fails for the other, who is answered. */
async function shutsOut(barred: string, free: string): Promise<void> {
  await play('unheard-register', barred);
  await expect(play('unheard-register', free)).rejects.toThrow('200');
}

const blocks = async (search: string): Promise<string> =>
  (await drawbridge('blocks', search, '--data', gate.data)).output;

describe('as it ships', () => {
  beforeEach(() => start());

  test('a scanner meets silence and is blocked, not for long where anybody could have sent it (N8, N12)', async () => {
    const scanner = ownAddress();
    await play('scanner-meets-silence', scanner, { keywords: { ua: 'friendly-scanner' } });
    expect(await isServed(scanner)).toBe(false);
    expect(await blocks(scanner)).toMatch(/scanners .*User-Agent "friendly-scanner"/);
    const { output } = await drawbridge('blocks', scanner, '--json', '--data', gate.data);
    const [{ until }] = JSON.parse(output).rows;
    expect(until - Date.now()).toBeLessThanOrEqual(120_000);
  });

  test('one that gets what we send stays blocked over a restart, until it is let in again (N2)', async () => {
    const scanner = ownAddress();
    const tool = await aPhone({ address: scanner, to: gate.tcp, transport: 'tcp' });
    phones.push(tool);
    tool.request('OPTIONS', `sip:${gate.address}`, { headers: { 'User-Agent': 'sipvicious' } });
    await expect
      .poll(() => blocks(scanner), { timeout: 10_000 })
      .toMatch(/scanners .*"sipvicious"/);
    await expect.poll(() => onDisk(gate.data, 'blocks')).toContain(scanner);
    await gate.restart();
    expect(await isServed(scanner)).toBe(false);

    const { code } = await drawbridge('unblock', scanner, '--data', gate.data);
    expect(code).toBe(0);
    await expect.poll(() => isServed(scanner)).toBe(true);
    expect(await blocks('')).toMatch(/Nobody is blocked/);
  });

  test('a name made for a database meets silence (N9)', async () => {
    const attacker = ownAddress();
    await play('hostile-name', attacker, { keywords: { name: "1001'%20or%20'1'%3D'1" } });
    expect(await isServed(attacker)).toBe(false);
  });

  test('what is broken is answered to a phone that is registered, and to no stranger (N9)', async () => {
    await play('broken-message', ownAddress());
    const phone = ownAddress();
    expect(await isServed(phone, SIPP_PORT)).toBe(true);
    await phones.pop()?.close();
    await expect(play('broken-message', phone)).rejects.toThrow('400');
  });

  test('what an operator blocks is silent at once, and only that (N2)', async () => {
    const [blocked, other] = [ownAddress(), ownAddress()];
    const { code, output } = await drawbridge(
      ...['block', blocked, '--for', '1h', '--why', 'a test', '--data', gate.data],
    );
    expect([code, output]).toEqual([0, expect.stringContaining('a test')]);
    await shutsOut(blocked, other);
  });
});

/** Strangers ask by OPTIONS here, to which they would get no answer. */
const open = { 'network.stealth.mode': 'off' };

test('the scenarios of a scanner and of a hostile name notice an answer', async () => {
  await start(open);
  const phone = play('scanner-meets-silence', ownAddress(), {
    keywords: { ua: 'Yealink SIP-T46U' },
  });
  await expect(phone).rejects.toThrow('200');
  const other = play('hostile-name', ownAddress(), { keywords: { name: "o'neill" } });
  await expect(other).rejects.toThrow('200');
});

const tooFast = {
  ...open,
  'network.automatic-defence.rates': `[{ port: ${ownPorts.sip}, protocol: udp, packets: 40, seconds: 2 }]`,
};

describe('a flood', () => {
  test('of who is blocked has a queue of its own for as long as it lasts, without the kernel too (N14)', async () => {
    await start();
    const [attacker, other] = [ownAddress(), ownAddress()];
    const { code } = await drawbridge('block', attacker, '--for', '1h', '--data', gate.data);
    expect(code).toBe(0);
    const lanes = async () => /^drawbridge_flood_lanes (\d+)$/m.exec(await gate.metrics())?.[1];
    expect(await lanes()).toBe('0');
    const flooding = flood(gate.udp, attacker, 50_000, { burst: 100, breathMs: 5 });
    await expect.poll(lanes).toBe('1');
    expect(await isServed(other)).toBe(true);
    expect(await flooding).toEqual([]);
    await expect.poll(lanes).toBe('0');
    expect(gate.logs()).toContain('it has a queue of its own');
  });

  test('of packets has its source blocked (N6), and nobody else', async () => {
    await start(tooFast);
    const [attacker, other] = [ownAddress(), ownAddress()];
    const answers = await flood(gate.udp, attacker, 200);
    expect(answers.length).toBeLessThanOrEqual(40);
    await shutsOut(attacker, other);
    expect(await blocks(attacker)).toMatch(/automatic-defence/);
  });

  test('from an allowed address is served to the last, and never blocked (N1)', async () => {
    const allowed = ownAddress();
    await start({ ...tooFast, 'network.allowed': `[${allowed}]` });
    const answers = await flood(gate.udp, allowed, 200);
    expect(answers.filter((status) => status === '200')).toHaveLength(200);
    expect(await blocks('')).toMatch(/Nobody is blocked/);
  });

  test('of REGISTERs is told to wait (N7), then its source is blocked', async () => {
    await start({
      'network.request-rates.blockAfter': 100,
      'network.request-rates.strangers.register': '{ perSecond: 0.1, burst: 60 }',
    });
    pbx.always('REGISTER', (register) => pbx.answer(register, 403));
    const attacker = ownAddress();
    const answers = await flood(gate.udp, attacker, 100, { method: 'REGISTER' });
    expect(answers.filter((status) => status !== '503').length).toBe(60);
    expect(answers).toContain('503');
    await play('register-flood', attacker);
    await flood(gate.udp, attacker, 200, { method: 'REGISTER' });
    expect(await isServed(attacker)).toBe(false);
    expect(await blocks(attacker)).toMatch(/request-rates/);
  });

  test('scenario of REGISTERs notices that one is not told to wait', async () => {
    await start();
    await expect(play('register-flood', ownAddress())).rejects.toThrow('200');
  });
});

describe('who is heard at all', () => {
  test('is whoever a firewall rule does not drop (N5)', async () => {
    const [dropped, other] = [ownAddress(), ownAddress()];
    const rule = `{ name: test, action: drop, protocol: udp, sources: [${dropped}] }`;
    await start({ 'network.firewall.rules': `[${rule}]` });
    await shutsOut(dropped, other);
  });

  test('is whoever is in a country that is allowed, or on the accept list (N3, N1)', async () => {
    const file = join(tmpdir(), `countries-${crypto.randomUUID()}.mmdb`);
    writeFileSync(file, countryFile({ '127.240': 'KP', '127.241': 'DE' }));
    try {
      await start({
        'site.localNetworks': '[10.0.0.0/8]',
        'network.countryDatabase': file,
        'network.source-countries.mode': 'on',
        'network.source-countries.countries': '[DE]',
        'network.allowed': '[127.240.91.2]',
      });
      await shutsOut('127.240.91.1', '127.241.91.1');
      await shutsOut('127.242.91.1', '127.240.91.2'); // one in no country
    } finally {
      rmSync(file);
    }
  });

  test('is only who is on the accept list, when all else is dropped (N4)', async () => {
    const [accepted, other] = [ownAddress(), ownAddress()];
    await start({ 'network.drop-all.mode': 'on', 'network.allowed': `[${accepted}]` });
    await shutsOut(other, accepted);
  });
});
