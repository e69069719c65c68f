import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { aPhone } from '../support/a-phone.ts';
import { drawbridge } from '../support/drawbridge.ts';
import {
  aGateInNetwork,
  aGateThatRefuses,
  type GateInNetwork,
} from '../support/gate-in-network.ts';
import {
  aNetworkNamespace,
  mayMakeNetworks,
  type NetworkNamespace,
} from '../support/network-namespace.ts';
import { onDisk } from '../support/on-disk.ts';
import { ownPorts } from '../support/own-address.ts';

const checkout = join(import.meta.dirname, '..', '..');

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

describe.skipIf(!mayMakeNetworks)(
  'in the kernel, with the rules as they ship (N14; as root)',
  () => {
    let it: GateInNetwork;
    beforeAll(async () => {
      it = await aGateThatRefuses();
    });
    afterAll(() => it?.close());

    test(`is refused where this kernel can soonest, which is ${hooks[0]}`, async () => {
      expect(await it.kernel()).toMatchObject({ hook: hooks[0], devices: expect.any(Array) });
      expect(await it.gate.status()).toContain(`refused at ${hooks[0]}`);
      expect(await it.gate.metrics()).toContain(`drawbridge_kernel_refuses{hook="${hooks[0]}"} 1`);
    });

    test('a block ends by itself when its time has come, and within a second when it is lifted (N2)', async () => {
      const [short, lifted] = [it.someone(), it.someone()];
      await it.block(lifted);
      await it.block(short, 8);
      const [{ until = 0 } = {}] = await it.blocks(short);
      await expect.poll(() => it.inKernel('blocked4_32')).toContain(short);
      await expect.poll(() => it.inKernel('blocked4_32')).toContain(lifted);
      const begun = performance.now();
      await it.unblock(lifted);
      await expect.poll(() => it.inKernel('blocked4_32'), { interval: 20 }).not.toContain(lifted);
      expect(performance.now() - begun).toBeLessThan(1000);
      expect(await it.isServed(lifted)).toBe(true);

      await sleep(until - Date.now() - 500);
      expect(it.inKernel('blocked4_32')).toContain(short);
      await sleep(1500);
      expect(it.inKernel('blocked4_32')).not.toContain(short);
      expect(await it.isServed(short)).toBe(true);
    });

    test.each([
      ['the whole ruleset', ['flush', 'ruleset']],
      ['the rules of the table', ['flush', 'table', 'inet', '$table']],
      ['what is in a set', ['flush', 'set', 'inet', '$table', 'blocked4_32']],
      ['one rule', ['flush', 'chain', 'inet', '$table', 'from4']],
    ])('what somebody else flushes is put back: %s', async (_what, words) => {
      const blocked = it.someone();
      await it.block(blocked);
      await expect.poll(() => it.inKernel('blocked4_32')).toContain(blocked);
      const { table, repairs, dropped } = await it.kernel();
      const said = it.gate.logs().length;
      it.network.run('nft', ...words.map((word) => (word === '$table' ? table : word)));
      await expect
        .poll(async () => (await it.kernel()).repairs, { timeout: 10_000 })
        .toBeGreaterThan(repairs);
      await expect.poll(() => it.inKernel('blocked4_32')).toContain(blocked);
      expect(await it.flood(blocked, 20)).toBe(0);
      const before = dropped['blocked-sources'];
      await expect.poll(() => it.dropped('blocked-sources'), { timeout: 8000 }).toBe(before + 20);
      expect(it.gate.logs().slice(said)).toContain('the table in the kernel is made anew');
    });

    test('what somebody else takes out of a set is missed when its packets are counted', async () => {
      const [gone, other] = [it.someone(), it.someone()];
      await it.block(gone);
      await it.block(other);
      await expect.poll(() => it.inKernel('blocked4_32')).toContain(gone);
      const { table } = await it.kernel();
      it.network.run('nft', 'delete', 'element', 'inet', table, 'blocked4_32', `{ ${gone} }`);
      await it.blocks('');
      await expect.poll(() => it.inKernel('blocked4_32')).toContain(gone);
    });

    test('the child that makes the changes is replaced when it dies', async () => {
      const [before, after] = [it.someone(), it.someone()];
      await it.block(before);
      const [child = 0] = it.network.processes('nft');
      process.kill(child, 'SIGKILL');
      await it.block(after);
      await expect.poll(() => it.inKernel('blocked4_32')).toContain(after);
      expect(it.inKernel('blocked4_32')).toContain(before);
      expect(it.network.processes('nft')).not.toContain(child);
      expect(await it.refusesAt()).toBe(hooks[0]);
    });

    test('a gate that is killed leaves the table to go on, and finds it again', async () => {
      const blocked = it.someone();
      await it.block(blocked, 3600);
      await expect.poll(() => onDisk(it.gate.data, 'blocks')).toContain(blocked);
      await it.gate.kill();
      expect(it.inKernel('blocked4_32')).toContain(blocked);
      await expect.poll(() => it.network.processes('nft')).toEqual([]);
      await it.gate.start();
      await expect.poll(() => it.refusesAt(), { timeout: 10_000 }).toBe(hooks[0]);
      expect(it.tables().trim().split('\n')).toHaveLength(1);
      expect(it.inKernel('blocked4_32')).toContain(blocked);
      expect(await it.flood(blocked, 20)).toBe(0);
      expect(await it.refusedBySocket()).toBe(0);
    });

    test('nothing is left in the kernel when the gate has ended', async () => {
      await it.block(it.someone());
      expect(it.tables()).toMatch(/table inet drawbridge_/);
      await it.gate.stop();
      expect(it.tables()).toBe('');
    });
  },
);

describe.skipIf(!mayMakeNetworks)('in the kernel, by other settings (N14; as root)', () => {
  /** There before the gate: settings name addresses of it. */
  let network: NetworkNamespace;
  let it: GateInNetwork | undefined;
  beforeEach(() => {
    network = aNetworkNamespace();
  });
  afterEach(async () => {
    await it?.close();
    it = undefined;
    network.close();
  });

  type Choices = Parameters<typeof aGateInNetwork>[0];
  const start = async (choices: Choices = {}, make = aGateThatRefuses): Promise<GateInNetwork> => {
    it = await make(choices, network);
    return it;
  };
  const outside = (...numbers: readonly number[]) => numbers.map((one) => network.outside(one));
  const droppedIn = (gate: GateInNetwork, by: Parameters<GateInNetwork['dropped']>[0]) =>
    expect.poll(() => gate.dropped(by), { timeout: 8000 });

  describe.each(hooks)('at %s', (mode) => {
    test('a blocked source is dropped to the last packet, on our ports only, and no other', async () => {
      const gate = await start({ settings: { 'kernel.mode': mode } });
      const [blocked = '', other = ''] = outside(1, 2);
      await drawbridge(
        'block',
        blocked,
        '--for',
        '1h',
        '--why',
        'a test',
        '--data',
        gate.gate.data,
      );
      await gate.block(network.outside6(1));
      await expect.poll(async () => (await gate.kernel()).elements.blocked).toBe(2);
      expect(await gate.flood(blocked, 300)).toBe(0);
      expect(await gate.flood(network.outside6(1), 200)).toBe(0);
      await droppedIn(gate, 'blocked-sources').toBe(500);
      expect(await gate.refusedBySocket()).toBe(0);
      expect(await gate.isServed(other)).toBe(true);
      expect(await gate.isServed(network.outside6(2))).toBe(true);
      expect(await gate.statusOverHttp(blocked)).toBe(200);
      expect(await gate.blocks(blocked)).toMatchObject([{ network: blocked, hits: 300 }]);
    });

    test('whoever floods is cut off before it is heard, and blocked (N6)', async () => {
      const rates = `[{ port: ${ownPorts.sip}, protocol: udp, packets: 40, seconds: 2 }]`;
      const gate = await start({
        settings: { 'kernel.mode': mode, 'network.automatic-defence.rates': rates },
      });
      const [attacker = '', other = ''] = outside(1, 2);
      expect(await gate.flood(attacker, 1000)).toBeLessThanOrEqual(60);
      const dropped = async () =>
        (await gate.dropped('automatic-defence')) + (await gate.dropped('blocked-sources'));
      await expect.poll(dropped, { timeout: 8000 }).toBeGreaterThan(900);
      expect(await gate.dropped('automatic-defence')).toBeGreaterThan(0);
      expect(gate.inKernel('unproven4_32')).toContain(attacker);
      expect(await gate.isServed(other)).toBe(true);
    });
  });

  test('an allowed source is never dropped, nor the PBX, whatever they send (N1)', async () => {
    const [allowed = '', other = ''] = outside(1, 3);
    const gate = await start({
      settings: {
        'network.allowed': `[${allowed}]`,
        'network.blocked-sources.sources': `[${network.outside(0)}/24]`,
        'network.automatic-defence.rates': `[{ port: ${ownPorts.sip}, protocol: udp, packets: 10, seconds: 2 }]`,
        'network.strangers-share': '{ perSecond: 5, burst: 5 }',
      },
    });
    expect(await gate.flood(allowed, 100)).toBe(100);
    expect(await gate.flood(other, 50)).toBe(0);
    await droppedIn(gate, 'blocked-sources').toBe(50);
    expect((await gate.kernel()).dropped).toMatchObject({
      'automatic-defence': 0,
      'strangers-share': 0,
    });
    expect(await gate.gate.status()).toMatch(/up .*sip:198/);
  });

  test('strangers share a rate that phones which are registered do not touch (N13)', async () => {
    const gate = await start({
      settings: { 'network.strangers-share': '{ perSecond: 20, burst: 20 }' },
    });
    const [phone = '', ...strangers] = outside(1, 2, 3, 4, 5, 6);
    expect(await gate.isServed(phone)).toBe(true);
    await expect.poll(() => gate.inKernel('known4_32')).toContain(phone);
    await Promise.all(strangers.map((one) => gate.flood(one, 35)));
    expect(await gate.flood(phone, 30)).toBe(30);
    await droppedIn(gate, 'strangers-share').toBeGreaterThan(100);
  });

  test('whom a list names is dropped, and counted for it; whom one allows is not (N15)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drawbridge-lists-'));
    const [listed = '', phone = '', allowed = ''] = outside(1, 2, 3);
    writeFileSync(join(folder, 'bad'), `${listed}\n`);
    writeFileSync(join(folder, 'good'), `${allowed}\n`);
    const bad = `  bad: { file: ${folder}/bad }\n`;
    const good = `  good: { file: ${folder}/good, mode: allow }\n`;
    try {
      const gate = await start({
        settings: {
          'site.localNetworks': '[]',
          'network.automatic-defence.rates': `[{ port: ${ownPorts.sip}, protocol: udp, packets: 5, seconds: 2 }]`,
        },
        policies: { 'lists.yaml': `lists:\n${bad}${good}` },
      });
      await expect
        .poll(() => gate.tables() && network.run('nft', 'list', 'ruleset'))
        .toContain('@listed4_32');
      expect(await gate.flood(listed, 30)).toBe(0);
      await droppedIn(gate, 'blocked-sources').toBe(30);
      expect(await gate.flood(allowed, 30)).toBe(30);
      expect(await gate.blocks(listed)).toMatchObject([{ network: listed, hits: 30 }]);

      expect(await gate.isServed(phone)).toBe(true);
      writeFileSync(join(folder, 'bad'), `${listed}\n${phone}\n`);
      await expect.poll(() => gate.inKernel('listed4_32'), { timeout: 5000 }).toContain(phone);
      expect(await gate.flood(phone, 5)).toBe(5);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('firewall rules hold, in order and for their protocol and ports (N5)', async () => {
    const [accepted = '', refused = '', other = ''] = outside(1, 2, 3);
    const rules = [
      `{ name: friend, action: accept, sources: [${accepted}] }`,
      `{ name: udp, action: drop, protocol: udp, ports: ${ownPorts.sip}, sources: [${accepted}, ${refused}] }`,
      `{ name: tls, action: drop, protocol: tls, sources: [${other}] }`,
    ];
    const gate = await start({
      settings: {
        'network.firewall.rules': `[${rules.join(', ')}]`,
        'network.stealth.mode': 'off', // strangers ask by OPTIONS here
      },
    });
    expect(await gate.flood(refused, 30)).toBe(0);
    expect(await gate.flood(accepted, 30)).toBe(30);
    expect(await gate.flood(other, 30)).toBe(30);
    await droppedIn(gate, 'firewall').toBe(30);
  });

  test('an emergency call gets through from a source that is blocked, and nothing else (O11)', async () => {
    const gate = await start({ settings: { 'site.homeCountry': 'DE' } });
    const { pbx, phones } = gate;
    pbx.always('INVITE', (invite) => pbx.answer(invite, 486));
    const [blocked = ''] = outside(1);
    await gate.block(blocked);
    const caller = await aPhone({ user: '1001', address: blocked, to: gate.gate.udp });
    phones.push(caller);
    const invite = (number: string) =>
      caller.finalAnswer(caller.request('INVITE', `sip:${number}@${network.address}`));
    expect((await invite('112')).status).toBe(486);
    // the call's own port is heard from now on: its ACK, and what belongs to it
    await expect.poll(() => gate.inKernel('passes4')).toContain(`${blocked} . ${caller.port}`);
    expect(await gate.flood(blocked, 20)).toBe(0);
  });

  test('where no listener is for strangers there is nothing to refuse, and it is said', async () => {
    const listener = `{ listen: "udp:${network.address}:${ownPorts.sip}", realm: core }`;
    const gate = await start(
      { rules: 'off', flags: ['--set', `listeners=[${listener}]`] },
      aGateInNetwork,
    );
    const why = 'no listener for phones and strangers is on this machine';
    await expect.poll(async () => (await gate.kernel()).why, { timeout: 10_000 }).toBe(why);
    expect(gate.tables()).toBe('');
  });

  test('an nft that cannot be talked to is run for each change', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drawbridge-nft-'));
    const script = '#!/bin/sh\n[ "$1" != -i ] && exec /usr/sbin/nft "$@"\n';
    writeFileSync(join(folder, 'nft'), script, { mode: 0o755 });
    try {
      const gate = await start({ environment: { PATH: `${folder}:${process.env.PATH}` } });
      const [blocked = ''] = outside(1);
      await gate.block(blocked);
      await expect.poll(() => gate.inKernel('blocked4_32')).toContain(blocked);
      expect(await gate.flood(blocked, 20)).toBe(0);
      await droppedIn(gate, 'blocked-sources').toBe(20);
      expect((await gate.kernel()).repairs).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  const hidden = 'mount --bind /dev/null "$(command -v nft)" && exec "$@"';
  test.each([
    [
      'without the right to change the kernel',
      ['setpriv', '--bounding-set', '-net_admin'],
      'CAP_NET_ADMIN',
    ],
    ['without nft', ['unshare', '--mount', 'sh', '-c', hidden, 'sh'], 'nft'],
  ])('%s the sockets refuse, and it is said', async (_how, through, why) => {
    const environment = { PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
    const gate = await start({ through, environment }, aGateInNetwork);
    await expect.poll(() => gate.gate.logs()).toContain('the kernel does not refuse for us');
    expect(await gate.kernel()).toMatchObject({ hook: 'none', why: expect.stringContaining(why) });
    expect(await gate.gate.status()).toContain(`not refused: `);
    const [blocked = '', other = ''] = outside(1, 2);
    await gate.block(blocked);
    expect(await gate.flood(blocked, 30)).toBe(0);
    await expect.poll(() => gate.refusedBySocket()).toBe(30);
    expect(await gate.isServed(other)).toBe(true);
  });

  test('rules that are in shadow drop nothing', async () => {
    const [listed = '', blocked = ''] = outside(1, 2);
    const gate = await start({
      settings: { 'site.rules': 'shadow', 'network.blocked-sources.sources': `[${listed}]` },
    });
    await gate.block(blocked);
    expect(await gate.flood(listed, 20)).toBe(20);
    expect(await gate.flood(blocked, 20)).toBe(20);
  });

  test('what a reload changes holds there too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drawbridge-policies-'));
    cpSync(join(checkout, 'policies'), folder, { recursive: true });
    try {
      const [source = ''] = outside(1);
      const gate = await start({ flags: ['--policies', folder] });
      await gate.block(source);
      expect(await gate.flood(source, 10)).toBe(0);
      const file = join(folder, 'network.yaml');
      const text = readFileSync(file, 'utf8');
      writeFileSync(file, text.replace('allowed: []', `allowed: [${source}]`));
      await expect.poll(() => gate.isServed(source), { timeout: 15_000 }).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
