import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BlocksTable } from '../../src/control/store/blocks.ts';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { drawbridge } from '../support/drawbridge.ts';
import { type Gate, type GateOptions, startGate } from '../support/gate-process.ts';
import {
  aNetworkNamespace,
  mayMakeNetworks,
  type NetworkNamespace,
} from '../support/network-namespace.ts';
import { ownPorts } from '../support/own-address.ts';
import type { Place } from '../support/sip-wire.ts';

const checkout = join(import.meta.dirname, '..', '..');

let network: NetworkNamespace;
let pbx: Pbx;
let gate: Gate;
const phones: Phone[] = [];

type Settings = NonNullable<GateOptions['settings']>;

async function start(settings: Settings = {}, options: Partial<GateOptions> = {}): Promise<void> {
  pbx = await aPbx({ address: network.outside(0) });
  pbx.registersAll();
  gate = await startGate({
    ...{ pbx: pbx.uri, rules: 'shipped', address: network.address, through: network.through },
    settings: { 'kernel.mode': 'auto', ...settings },
    flags: ['--listen', `udp:[${network.address6}]:${ownPorts.sip}`],
    ...options,
  });
  await expect.poll(refusesAt, { timeout: 10_000 }).not.toBe('none');
}

interface KernelStatus {
  readonly hook: string;
  readonly why?: string;
  readonly table: string;
  readonly devices: readonly string[];
  readonly elements: Readonly<Record<'blocked' | 'unproven' | 'known', number>>;
  readonly dropped: Readonly<Record<string, number>>;
  readonly repairs: number;
}

const kernel = async (): Promise<KernelStatus> => JSON.parse(await gate.status('--json')).kernel;
const refusesAt = async (): Promise<string> => (await kernel()).hook;
const tables = (): string => network.run('nft', 'list', 'tables');
const inKernel = (set: string): string => {
  const name = /drawbridge_[0-9a-f]{6}/.exec(tables())?.[0] ?? 'none';
  return network.run('nft', 'list', 'set', 'inet', name, set);
};
const block = (address: string, ...more: readonly string[]) =>
  drawbridge('block', address, '--why', 'a test', '--data', gate.data, ...more);

/** How many packets of a blocked source the process itself threw away. */
async function refusedBySocket(): Promise<number> {
  const lines = (await gate.metrics()).split('\n');
  const counts = lines
    .filter((line) => /^drawbridge_decisions_total\{.*rule="blocked-sources"/.test(line))
    .map((line) => Number(line.split(' ').at(-1)));
  return counts.reduce((sum, one) => sum + one, 0);
}

/** Sends so many requests, without waiting for answers, and says how many came. */
async function flood(from: string, count: number, to: Place = gate.udp): Promise<number> {
  const socket = createSocket(from.includes(':') ? 'udp6' : 'udp4');
  let answers = 0;
  socket.on('message', () => answers++);
  socket.bind(0, from);
  await once(socket, 'listening');
  const { port } = socket.address();
  const host = from.includes(':') ? `[${from}]` : from;
  for (let one = 0; one < count; one++) {
    const lines = [
      `OPTIONS sip:gate.test SIP/2.0`,
      `Via: SIP/2.0/UDP ${host}:${port};branch=z9hG4bK${one}f${port};rport`,
      `From: <sip:1009@gate.test>;tag=f${one}`,
      'To: <sip:gate.test>',
      `Call-ID: flood-${one}@${host}`,
      'CSeq: 1 OPTIONS',
      'Max-Forwards: 70',
      'Content-Length: 0',
    ];
    socket.send(`${lines.join('\r\n')}\r\n\r\n`, to.port, to.address);
    if (one % 20 === 19) await sleep(2);
  }
  for (let before = -1; before !== answers; ) {
    before = answers;
    await sleep(1000);
  }
  socket.close();
  return answers;
}

/** Does a phone there get what it asks for? */
async function isServed(address: string): Promise<boolean> {
  const to = address.includes(':') ? { ...gate.udp, address: network.address6 } : gate.udp;
  const phone = await aPhone({ user: String(1000 + phones.length), address, to });
  phones.push(phone);
  return Promise.race([phone.register().then(() => true), sleep(1500).then(() => false)]);
}

/** What the kernel dropped, once it is read. */
const dropped = (by: string) =>
  expect.poll(async () => (await kernel()).dropped[by], { timeout: 8000 });

/** Where this kernel lets packets be looked at; the earlier one may be missing. */
function hooksHere(): readonly ('ingress' | 'prerouting')[] {
  const probe = aNetworkNamespace();
  try {
    const chain = 'type filter hook ingress devices = { lo } priority 0;';
    probe.run('nft', `add table inet probe; add chain inet probe probe { ${chain} }`);
    return ['ingress', 'prerouting'];
  } catch {
    return ['prerouting'];
  } finally {
    probe.close();
  }
}
const hooks = mayMakeNetworks ? hooksHere() : [];

beforeEach(() => {
  network = aNetworkNamespace();
});
afterEach(async () => {
  await Promise.all(phones.splice(0).map((phone) => phone.close()));
  await gate?.close();
  await pbx?.close();
  network.close();
});

describe.skipIf(!mayMakeNetworks)('in the kernel (N14; as root)', () => {
  test(`is refused where this kernel can soonest, which is ${hooks[0]}`, async () => {
    await start();
    expect(await kernel()).toMatchObject({ hook: hooks[0], devices: expect.any(Array) });
    expect(await gate.status()).toContain(`refused at ${hooks[0]}`);
    expect(await gate.metrics()).toContain(`drawbridge_kernel_refuses{hook="${hooks[0]}"} 1`);
  });

  describe.each(hooks)('at %s', (mode) => {
    test('a blocked source is dropped to the last packet, on our ports only, and no other', async () => {
      await start({ 'kernel.mode': mode });
      const [blocked, other] = [network.outside(1), network.outside(2)];
      await block(blocked, '--for', '1h');
      await block(network.outside6(1));
      expect(await flood(blocked, 300)).toBe(0);
      const to6 = { ...gate.udp, address: network.address6 };
      expect(await flood(network.outside6(1), 200, to6)).toBe(0);
      await dropped('blocked-sources').toBe(500);
      expect(await refusedBySocket()).toBe(0);
      expect(await isServed(other)).toBe(true);
      expect(await isServed(network.outside6(2))).toBe(true);
      expect(await statusOverHttp(blocked)).toBe(200);

      const { output } = await drawbridge('blocks', blocked, '--json', '--data', gate.data);
      expect(JSON.parse(output).rows).toMatchObject([{ network: blocked, hits: 300 }]);
    });

    test('whoever floods is cut off before it is heard, and blocked (N6)', async () => {
      await start({
        'kernel.mode': mode,
        'network.automatic-defence.rates': `[{ port: ${ownPorts.sip}, protocol: udp, packets: 40, seconds: 2 }]`,
      });
      const attacker = network.outside(1);
      expect(await flood(attacker, 1000)).toBeLessThanOrEqual(60);
      await expect
        .poll(
          async () => {
            const { dropped: now } = await kernel();
            return (now['automatic-defence'] ?? 0) + (now['blocked-sources'] ?? 0);
          },
          { timeout: 8000 },
        )
        .toBeGreaterThan(900);
      expect((await kernel()).dropped['automatic-defence']).toBeGreaterThan(0);
      expect(inKernel('unproven4_32')).toContain(attacker);
      expect(await isServed(network.outside(2))).toBe(true);
    });
  });

  test('an allowed source is never dropped, nor the PBX, whatever they send (N1)', async () => {
    const allowed = network.outside(1);
    await start({
      'network.allowed': `[${allowed}]`,
      'network.blocked-sources.sources': `[${network.outside(0)}/24]`,
      'network.automatic-defence.rates': `[{ port: ${ownPorts.sip}, protocol: udp, packets: 10, seconds: 2 }]`,
      'network.strangers-share': '{ perSecond: 5, burst: 5 }',
    });
    expect(await flood(allowed, 100)).toBe(100);
    expect(await flood(network.outside(3), 50)).toBe(0);
    await dropped('blocked-sources').toBe(50);
    expect((await kernel()).dropped).toMatchObject({
      'automatic-defence': 0,
      'strangers-share': 0,
    });
    expect(await gate.status()).toMatch(/up .*sip:198/);
  });

  test('strangers share a rate that phones which are registered do not touch (N13)', async () => {
    await start({ 'network.strangers-share': '{ perSecond: 20, burst: 20 }' });
    const phone = network.outside(1);
    expect(await isServed(phone)).toBe(true);
    await expect.poll(() => inKernel('known4_32')).toContain(phone);
    await Promise.all([2, 3, 4, 5, 6].map((one) => flood(network.outside(one), 35)));
    expect(await flood(phone, 30)).toBe(30);
    await dropped('strangers-share').toBeGreaterThan(100);
  });

  test('whom a list names is dropped, and counted for it; whom one allows is not (N15)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drawbridge-lists-'));
    const [listed, phone, allowed] = [1, 2, 3].map((one) => network.outside(one));
    writeFileSync(join(folder, 'bad'), `${listed}\n`);
    writeFileSync(join(folder, 'good'), `${allowed}\n`);
    const bad = `  bad: { file: ${folder}/bad }\n`;
    const good = `  good: { file: ${folder}/good, mode: allow }\n`;
    try {
      await start(
        {
          'site.localNetworks': '[]',
          'network.automatic-defence.rates': `[{ port: ${ownPorts.sip}, protocol: udp, packets: 5, seconds: 2 }]`,
        },
        { policies: { 'lists.yaml': `lists:\n${bad}${good}` } },
      );
      await expect
        .poll(() => tables() && network.run('nft', 'list', 'ruleset'))
        .toContain('@listed4_32');
      expect(await flood(listed ?? '', 30)).toBe(0);
      await dropped('blocked-sources').toBe(30);
      expect(await flood(allowed ?? '', 30)).toBe(30);
      const { output } = await drawbridge('blocks', listed ?? '', '--json', '--data', gate.data);
      expect(JSON.parse(output).rows).toMatchObject([{ network: listed, hits: 30 }]);

      expect(await isServed(phone ?? '')).toBe(true);
      writeFileSync(join(folder, 'bad'), `${listed}\n${phone}\n`);
      await expect.poll(() => inKernel('listed4_32'), { timeout: 5000 }).toContain(phone);
      expect(await flood(phone ?? '', 5)).toBe(5);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('firewall rules hold, in order and for their protocol and ports (N5)', async () => {
    const [accepted, refused, other] = [1, 2, 3].map((one) => network.outside(one));
    const rules = [
      `{ name: friend, action: accept, sources: [${accepted}] }`,
      `{ name: udp, action: drop, protocol: udp, ports: ${ownPorts.sip}, sources: [${accepted}, ${refused}] }`,
      `{ name: tls, action: drop, protocol: tls, sources: [${other}] }`,
    ];
    await start({
      'network.firewall.rules': `[${rules.join(', ')}]`,
      'network.stealth.mode': 'off', // strangers ask by OPTIONS here
    });
    expect(await flood(refused ?? '', 30)).toBe(0);
    expect(await flood(accepted ?? '', 30)).toBe(30);
    expect(await flood(other ?? '', 30)).toBe(30);
    await dropped('firewall').toBe(30);
  });

  test('a block ends by itself when its time has come, and within a second when it is lifted (N2)', async () => {
    await start();
    const [short, lifted] = [network.outside(1), network.outside(2)];
    await block(lifted);
    await block(short, '--for', '6s');
    const listed = await drawbridge('blocks', short, '--json', '--data', gate.data);
    const [{ until }] = JSON.parse(listed.output).rows;
    expect(inKernel('blocked4_32')).toContain(short);
    await drawbridge('unblock', lifted, '--data', gate.data);
    const begun = performance.now();
    await expect.poll(() => inKernel('blocked4_32'), { interval: 20 }).not.toContain(lifted);
    expect(performance.now() - begun).toBeLessThan(1000);
    expect(await isServed(lifted)).toBe(true);

    await sleep(until - Date.now() - 500);
    expect(inKernel('blocked4_32')).toContain(short);
    await sleep(1500);
    expect(inKernel('blocked4_32')).not.toContain(short);
    expect(await isServed(short)).toBe(true);
  });

  test('an emergency call gets through from a source that is blocked, and nothing else (O11)', async () => {
    await start({ 'site.homeCountry': 'DE' });
    pbx.always('INVITE', (invite) => pbx.answer(invite, 486));
    const blocked = network.outside(1);
    await block(blocked);
    const caller = await aPhone({ user: '1001', address: blocked, to: gate.udp });
    phones.push(caller);
    const invite = (number: string) =>
      caller.finalAnswer(caller.request('INVITE', `sip:${number}@${gate.address}`));
    expect((await invite('112')).status).toBe(486);
    // the call's own port is heard from now on: its ACK, and what belongs to it
    await expect.poll(() => inKernel('passes4')).toContain(`${blocked} . ${caller.port}`);
    expect(await flood(blocked, 20)).toBe(0);
  });

  test.each([
    ['the whole ruleset', ['flush', 'ruleset']],
    ['the rules of the table', ['flush', 'table', 'inet', '$table']],
    ['what is in a set', ['flush', 'set', 'inet', '$table', 'blocked4_32']],
    ['one rule', ['flush', 'chain', 'inet', '$table', 'from4']],
  ])('what somebody else flushes is put back: %s', async (_what, words) => {
    await start();
    const blocked = network.outside(1);
    await block(blocked);
    const { table } = await kernel();
    network.run('nft', ...words.map((word) => (word === '$table' ? table : word)));
    await expect.poll(async () => (await kernel()).repairs, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(inKernel('blocked4_32')).toContain(blocked);
    expect(await flood(blocked, 20)).toBe(0);
    await dropped('blocked-sources').toBe(20);
    expect(gate.logs()).toContain('the table in the kernel is made anew');
  });

  test('what somebody else takes out of a set is missed when its packets are counted', async () => {
    await start();
    const [gone, other] = [network.outside(1), network.outside(2)];
    await block(gone);
    await block(other);
    const { table } = await kernel();
    network.run('nft', 'delete', 'element', 'inet', table, 'blocked4_32', `{ ${gone} }`);
    await drawbridge('blocks', '--data', gate.data);
    await expect.poll(() => inKernel('blocked4_32')).toContain(gone);
  });

  test('a gate that is killed leaves the table to go on, and finds it again', async () => {
    await start();
    const blocked = network.outside(1);
    await block(blocked, '--for', '1h');
    await sleep(500); // it is on disk
    await gate.kill();
    expect(inKernel('blocked4_32')).toContain(blocked);
    await expect.poll(() => network.processes('nft')).toEqual([]);
    await gate.start();
    await expect.poll(refusesAt, { timeout: 10_000 }).toBe(hooks[0]);
    expect(tables().trim().split('\n')).toHaveLength(1);
    expect(inKernel('blocked4_32')).toContain(blocked);
    expect(await flood(blocked, 20)).toBe(0);
    expect(await refusedBySocket()).toBe(0);
  });

  test('nothing is left in the kernel when the gate has ended', async () => {
    await start();
    await block(network.outside(1));
    expect(tables()).toMatch(/table inet drawbridge_/);
    await gate.stop();
    expect(tables()).toBe('');
  });

  test('the child that makes the changes is replaced when it dies', async () => {
    await start();
    await block(network.outside(1));
    const [child = 0] = network.processes('nft');
    process.kill(child, 'SIGKILL');
    await block(network.outside(2));
    await expect.poll(() => inKernel('blocked4_32')).toContain(network.outside(2));
    expect(inKernel('blocked4_32')).toContain(network.outside(1));
    expect(network.processes('nft')).not.toContain(child);
    expect(await refusesAt()).toBe(hooks[0]);
  });

  test('where no listener is for strangers there is nothing to refuse, and it is said', async () => {
    pbx = await aPbx({ address: network.outside(0) });
    gate = await startGate({
      ...{ pbx: pbx.uri, address: network.address, through: network.through },
      settings: { 'kernel.mode': 'auto' },
      flags: [
        '--set',
        `listeners=[{ listen: "udp:${network.address}:${ownPorts.sip}", realm: core }]`,
      ],
    });
    const why = 'no listener for phones and strangers is on this machine';
    await expect.poll(async () => (await kernel()).why, { timeout: 10_000 }).toBe(why);
    expect(tables()).toBe('');
  });

  test('an nft that cannot be talked to is run for each change', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drawbridge-nft-'));
    const script = '#!/bin/sh\n[ "$1" != -i ] && exec /usr/sbin/nft "$@"\n';
    writeFileSync(join(folder, 'nft'), script, { mode: 0o755 });
    try {
      await start({}, { environment: { PATH: `${folder}:${process.env.PATH}` } });
      const blocked = network.outside(1);
      await block(blocked);
      await expect.poll(() => inKernel('blocked4_32')).toContain(blocked);
      expect(await flood(blocked, 20)).toBe(0);
      await dropped('blocked-sources').toBe(20);
      expect((await kernel()).repairs).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each([
    [
      'without the right to change the kernel',
      ['setpriv', '--bounding-set', '-net_admin'],
      'CAP_NET_ADMIN',
    ],
    [
      'without nft',
      [
        'unshare',
        '--mount',
        'sh',
        '-c',
        'mount --bind /dev/null "$(command -v nft)" && exec "$@"',
        'sh',
      ],
      'nft',
    ],
  ])('%s the sockets refuse, and it is said', async (_how, words, why) => {
    pbx = await aPbx({ address: network.outside(0) });
    pbx.registersAll();
    gate = await startGate({
      ...{ pbx: pbx.uri, rules: 'shipped', address: network.address },
      through: [...network.through, ...words],
      environment: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
      settings: { 'kernel.mode': 'auto' },
    });
    await expect.poll(() => gate.logs()).toContain('the kernel does not refuse for us');
    expect(await kernel()).toMatchObject({ hook: 'none', why: expect.stringContaining(why) });
    expect(await gate.status()).toContain(`not refused: `);
    const blocked = network.outside(1);
    await block(blocked);
    expect(await flood(blocked, 30)).toBe(0);
    await expect.poll(refusedBySocket).toBe(30);
    expect(await isServed(network.outside(2))).toBe(true);
  });

  test('rules that are in shadow drop nothing', async () => {
    const [listed, blocked] = [network.outside(1), network.outside(2)];
    await start({ 'site.rules': 'shadow', 'network.blocked-sources.sources': `[${listed}]` });
    await block(blocked);
    expect(await flood(listed, 20)).toBe(20);
    expect(await flood(blocked, 20)).toBe(20);
  });

  test('what a reload changes holds there too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drawbridge-policies-'));
    cpSync(join(checkout, 'policies'), folder, { recursive: true });
    try {
      const source = network.outside(1);
      await start({}, { flags: ['--policies', folder] });
      await block(source);
      expect(await flood(source, 10)).toBe(0);
      const file = join(folder, 'network.yaml');
      const text = readFileSync(file, 'utf8');
      writeFileSync(file, text.replace('allowed: []', `allowed: [${source}]`));
      await expect.poll(() => isServed(source), { timeout: 15_000 }).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a hundred thousand blocks are there in less than two seconds, and lifted at once', async () => {
    await start();
    await gate.stop();
    fillBlocks(join(gate.data, 'state.db'), 100_000);
    await gate.start();
    await expect.poll(() => gate.logs(), { timeout: 20_000 }).toContain('has the block list');
    const [, blocks, ms] = /"blocks":(\d+),"known":\d+,"ms":(\d+)/.exec(gate.logs()) ?? [];
    console.log(`${blocks} blocks were in the kernel after ${ms} ms`);
    expect(Number(blocks)).toBe(100_000);
    expect(Number(ms)).toBeLessThan(2000);

    const source = network.outside(1);
    await block(source);
    expect(await flood(source, 20)).toBe(0);
    await drawbridge('unblock', source, '--data', gate.data);
    await sleep(500);
    expect(await isServed(source)).toBe(true);
  });
});

function fillBlocks(file: string, count: number): void {
  const now = Date.now();
  const entries = Array.from({ length: count }, (_, one) => ({
    network: `11.${one >> 16}.${(one >> 8) & 255}.${one & 255}`,
    ...{ by: 'rule' as const, rule: 'scanners', evidence: 'sipcli', forgeable: false },
    ...{ firstSeen: now, lastSeen: now, changedAt: now, hits: 0, offences: 1 },
    until: now + 3_600_000 + one,
  }));
  const database = new DatabaseSync(file);
  new BlocksTable(database).write(entries, []);
  database.close();
}

/** What the page for metrics says to whoever asks from there. */
function statusOverHttp(from: string): Promise<number> {
  const [host, port] = gate.http.split(':');
  return new Promise((resolve, reject) => {
    const asked = request({ host, port, path: '/healthz', localAddress: from, timeout: 2000 });
    asked.on('response', ({ statusCode = 0 }) => resolve(statusCode));
    asked.on('timeout', () => asked.destroy(new Error('silence')));
    asked.on('error', reject);
    asked.end();
  });
}
