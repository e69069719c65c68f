import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { aCall, aRequest, aSource, countersOfOwn } from '../../test/support/some-facts.ts';
import { parseNetwork } from '../limits/address-key.ts';
import type { BlockChange } from '../limits/block-entry.ts';
import { ListedNetworks, type SourceList } from '../limits/listed-networks.ts';
import type { Decision } from '../policy/policy.ts';
import { policySchema } from '../policy/policy-settings.ts';
import { rulesOf } from '../policy/registry.ts';
import { byAmount, type Decided, Gatekeeper } from './gatekeeper.ts';
import type { Listener, Realm, Transport } from './signaling.ts';

const STRANGER = '203.0.113.7';
const PHONE = '198.51.100.7';
const PBX = '192.0.2.10';

const listener = (transport: Transport = 'udp', port = 5060): Listener => ({
  name: `${transport}:192.0.2.1:${port}`,
  transport,
  address: '192.0.2.1',
  port,
  realm: 'access',
  advertised: { host: '192.0.2.1', port },
});
const udp = listener();
const tls = listener('tls', 5061);

/** A gatekeeper that takes one address for the PBX, and phones to be registered from another. */
function aGatekeeper(network: object = {}, more: z.input<typeof policySchema> = {}) {
  const told: Decided[] = [];
  const counted: Decision[] = [];
  const changes: BlockChange[] = [];
  const came: string[] = [];
  const passes: string[] = [];
  const cut: ((listener: Listener, address: string, port: number) => boolean)[] = [];
  const gatekeeper = new Gatekeeper(policySchema.parse({ network, ...more }), {
    counters: countersOfOwn(),
    knows: () => false,
    isFamiliar: (source) => source === PHONE,
    realmOf: ({ address }): Realm => (address === PBX ? 'core' : 'access'),
    countryOf: (address) => (address === STRANGER ? 'KP' : undefined),
    decided: (decided) => told.push(decided),
    packetDecided: (decision) => counted.push(decision),
    blocks: [],
    blockChanged: (change) => changes.push(change),
    listedCame: ({ network, counted }) => came.push(`${network} ${counted.list.mode}`),
    emergencyPassed: (address, port) => passes.push(`${address} ${port}`),
    cut: (which) => cut.push(which),
  });
  return { gatekeeper, told, counted, changes, came, passes, cut };
}

const block = (gatekeeper: Gatekeeper, network: string, forgeable = false) =>
  gatekeeper.block(
    { network, by: 'rule', rule: 'scanners', evidence: 'sipcli', forMs: 60_000, forgeable },
    Date.now(),
  );
const datagram = (line: string, callId = 'urgent', to = '<sip:gate.example.com>') =>
  Buffer.from(`${line} SIP/2.0\r\nVia: SIP/2.0/UDP x\r\nTo: ${to}\r\nCall-ID: ${callId}\r\n\r\n`);
const emergency = datagram('INVITE sip:112@gate.example.com');
const ordinary = datagram('INVITE sip:1002@gate.example.com');

describe('the screen', () => {
  test('lets through whom nothing speaks against', () => {
    const { gatekeeper, told } = aGatekeeper();
    expect(gatekeeper.admits(udp, STRANGER, 5060, ordinary)).toBe(true);
    expect(told).toEqual([]);
  });

  test.each([
    ['%31%31%32', true],
    ['112;x=y', true],
    ['1.1.2', true],
    // no phone means an emergency by these, and as calls they are none: whoever is blocked would get in by them
    ['%2531%2531%2532', false],
    ['112%3Bx=y', false],
    ['112%00', false],
    [`1${'.'.repeat(22)}12`, false],
  ])('lets an emergency call in from who is blocked, read as calls are: %s, %s', (user, lets) => {
    const { gatekeeper } = aGatekeeper();
    block(gatekeeper, STRANGER);
    const invite = datagram(`INVITE sip:${user}@gate.example.com`);
    expect(gatekeeper.admits(udp, STRANGER, 5060, invite)).toBe(lets);
  });

  test('refuses who is blocked, counts that he came, and tells nobody: the list has it', () => {
    const { gatekeeper, told } = aGatekeeper();
    block(gatekeeper, STRANGER);
    for (let came = 0; came < 3; came++)
      expect(gatekeeper.admits(udp, STRANGER, 5060, ordinary)).toBe(false);
    expect([...gatekeeper.blocks.entries()]).toMatchObject([{ network: STRANGER, hits: 3 }]);
    expect(told).toEqual([]);
  });

  test('a block that anybody could bring about is none for an address that phones are registered from', () => {
    const { gatekeeper } = aGatekeeper();
    for (const address of [PHONE, STRANGER]) block(gatekeeper, address, true);
    expect(gatekeeper.admits(udp, PHONE, 5060, ordinary)).toBe(true);
    expect(gatekeeper.admits(udp, STRANGER, 5060, ordinary)).toBe(false);
  });

  test('refuses nothing of the PBX and of allowed sources, whatever they do (N1)', () => {
    const { gatekeeper, changes } = aGatekeeper({
      allowed: ['203.0.113.0/24'],
      'drop-all': { mode: 'on' },
      'blocked-sources': { sources: [PBX] },
    });
    for (const address of [PBX, STRANGER])
      for (let sent = 0; sent < 500; sent++)
        expect(gatekeeper.admits(udp, address, 5060, ordinary)).toBe(true);
    expect(gatekeeper.admits(udp, '198.51.100.99', 5060, ordinary)).toBe(false);
    expect(changes).toEqual([]);
  });

  test('says whose packets are refused however few they are: nobody’s that a phone is behind, nor for their number', () => {
    const { gatekeeper } = aGatekeeper({ 'drop-all': { mode: 'off' } });
    const isShutOut = (address: string) => gatekeeper.isShutOut(udp, address, 5060);
    expect(isShutOut(STRANGER)).toBe(false);
    for (const address of [PHONE, PBX, STRANGER]) block(gatekeeper, address, true);
    expect([STRANGER, PHONE, PBX].map(isShutOut)).toEqual([true, false, false]);
    expect([...gatekeeper.blocks.entries()].every(({ hits }) => hits === 0)).toBe(true);

    const rules = [{ name: 'lab', action: 'drop', sources: ['203.0.113.0/24'] }];
    const walled = aGatekeeper({ firewall: { rules } }).gatekeeper;
    expect(walled.isShutOut(udp, STRANGER, 5060)).toBe(true);

    const loud = aGatekeeper({
      'automatic-defence': { mode: 'off' },
      'strangers-share': { perSecond: 1, burst: 1 },
    }).gatekeeper;
    for (let sent = 0; sent < 10; sent++) loud.admits(udp, STRANGER, 5060, ordinary);
    expect(loud.admits(udp, STRANGER, 5060, ordinary)).toBe(false);
    expect(loud.isShutOut(udp, STRANGER, 5060)).toBe(false);
  });

  test('each rule of packets refuses a source or an amount: a new one has to be named', () => {
    const ofSources = ['blocked-sources', 'firewall', 'source-countries', 'drop-all'];
    const names = rulesOf.packet.map(({ name }) => name);
    expect([...ofSources, ...byAmount].toSorted()).toEqual(names.toSorted());
  });

  test('blocks a stranger who sends too many packets: over UDP shortly, for anybody can write his address', () => {
    const { gatekeeper, changes } = aGatekeeper();
    for (let sent = 0; sent < 41; sent++) gatekeeper.admits(udp, STRANGER, 5060, ordinary);
    const other = '203.0.113.8';
    for (let sent = 0; sent < 81; sent++) gatekeeper.admits(tls, other, 40_000 + sent);
    const [forgeable, proven] = changes.map(({ entry }) => entry);
    expect(forgeable).toMatchObject({
      network: STRANGER,
      rule: 'automatic-defence',
      evidence: '41 packets to 5060/udp in 2 s, 40 allowed',
      forgeable: true,
    });
    expect(proven).toMatchObject({ network: other, forgeable: false });
    const seconds = (entry = forgeable) =>
      Math.round(((entry?.until ?? 0) - (entry?.firstSeen ?? 0)) / 1000);
    expect([seconds(forgeable), seconds(proven)]).toEqual([120, 3600]);
  });

  test('a flood in the name of a phone’s address blocks nobody', () => {
    const { gatekeeper, changes } = aGatekeeper();
    for (let sent = 0; sent < 1000; sent++)
      expect(gatekeeper.admits(udp, PHONE, sent, ordinary)).toBe(true);
    expect(changes).toEqual([]);
  });

  test('tells of some of a flood that a firewall rule drops, and not of all', () => {
    const rules = [{ name: 'lab', action: 'drop', sources: ['203.0.113.0/24'] }];
    const { gatekeeper, told, counted } = aGatekeeper({
      firewall: { rules },
      'automatic-defence': { mode: 'off' },
    });
    for (let sent = 0; sent < 1000; sent++)
      expect(gatekeeper.admits(udp, STRANGER, 5060, ordinary)).toBe(false);
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThan(50);
    expect(counted).toHaveLength(1000);
    expect(told[0]?.trail().at(-1)).toMatchObject({ rule: 'firewall', says: 'refuse' });
  });

  test('asks for the country only where a rule wants it', () => {
    const { gatekeeper } = aGatekeeper({
      'source-countries': { mode: 'on', countries: ['DE'], unlisted: 'accept' },
    });
    expect(gatekeeper.admits(udp, STRANGER, 5060, ordinary)).toBe(false);
    expect(gatekeeper.admits(udp, '203.0.113.8', 5060, ordinary)).toBe(true);
  });

  test('after a block the connections that it is about are cut, and no others', async () => {
    const { gatekeeper, cut } = aGatekeeper({ allowed: ['192.0.2.77'] });
    for (const network of [STRANGER, '192.0.2.77']) block(gatekeeper, network);
    await expect.poll(() => cut.length).toBe(1);
    const [which] = cut;
    expect(
      [STRANGER, '203.0.113.8', '192.0.2.77', PBX].map((address) => which?.(tls, address, 5061)),
    ).toEqual([true, false, false, false]);
  });
});

describe('what a list names (N15)', () => {
  const DOCUMENTED = '203.0.113.0/24';
  const named = (
    gatekeeper: Gatekeeper,
    networks: readonly string[],
    more: Partial<SourceList> = {},
  ) => {
    const list = { name: 'a', mode: 'block', from: 'example.com' } as const;
    const listed = new ListedNetworks([{ ...list, sparesPhones: true, readAt: 0, ...more }]);
    for (const text of networks) {
      const network = parseNetwork(text);
      if (network !== undefined) listed.add(0, network);
    }
    gatekeeper.takeListed(listed);
  };
  const isHeard = (gatekeeper: Gatekeeper, address: string) =>
    gatekeeper.admits(udp, address, 5060, ordinary);

  test('is not heard, counted, and told once; what it no longer names is heard at once', () => {
    const { gatekeeper, told, came } = aGatekeeper();
    named(gatekeeper, [DOCUMENTED]);
    for (let sent = 0; sent < 3; sent++) expect(isHeard(gatekeeper, STRANGER)).toBe(false);
    expect(came).toEqual([`${DOCUMENTED} block`]);
    expect(told).toEqual([]);
    expect(gatekeeper.listed.counts).toMatchObject([{ packets: 3, came: 1 }]);
    named(gatekeeper, []);
    expect(isHeard(gatekeeper, STRANGER)).toBe(true);
  });

  test('is heard all the same where it is allowed, the PBX, or a phone’s', () => {
    const { gatekeeper, came } = aGatekeeper({ allowed: ['192.0.2.77'] });
    named(gatekeeper, ['192.0.2.0/24', '198.51.100.0/24']);
    for (const address of [PBX, PHONE, '192.0.2.77'])
      expect(isHeard(gatekeeper, address)).toBe(true);
    expect(came).toEqual([]);
    named(gatekeeper, ['198.51.100.0/24'], { sparesPhones: false });
    expect(isHeard(gatekeeper, PHONE)).toBe(false);
  });

  test('in shadow is heard, counted and told', () => {
    const { gatekeeper, came } = aGatekeeper();
    named(gatekeeper, [DOCUMENTED], { mode: 'shadow' });
    for (let sent = 0; sent < 3; sent++) expect(isHeard(gatekeeper, STRANGER)).toBe(true);
    expect(came).toEqual([`${DOCUMENTED} shadow`]);
    expect(gatekeeper.listed.counts).toMatchObject([{ packets: 3 }]);
  });

  test('as allowed is never blocked or limited', () => {
    const { gatekeeper } = aGatekeeper({ 'drop-all': { mode: 'on' } });
    expect(isHeard(gatekeeper, STRANGER)).toBe(false);
    named(gatekeeper, [STRANGER], { mode: 'allow' });
    for (let sent = 0; sent < 200; sent++) expect(isHeard(gatekeeper, STRANGER)).toBe(true);
  });

  test('as allowed is not trusted: who makes a list can open no way to the PBX', () => {
    const { gatekeeper } = aGatekeeper();
    named(gatekeeper, [STRANGER], { mode: 'allow' });
    const spared = gatekeeper.isSpared(STRANGER);
    const source = aSource({ address: STRANGER, tier: 'unknown', spared });
    const guest = aCall({ source, registered: false });
    expect(gatekeeper.judge('outbound', guest)).toMatchObject({ rule: 'no-guests' });
    const scanner = aRequest({ source, userAgent: 'sipcli' });
    expect(gatekeeper.judge('network', scanner).verdict.kind).toBe('pass');
  });

  test('gets in with a call to an emergency number', () => {
    const { gatekeeper } = aGatekeeper();
    named(gatekeeper, [DOCUMENTED]);
    expect(gatekeeper.admits(udp, STRANGER, 5060, emergency)).toBe(true);
    expect(gatekeeper.admits(udp, STRANGER, 5061, ordinary)).toBe(false);
  });

  test('loses its connections', async () => {
    const { gatekeeper, cut } = aGatekeeper();
    named(gatekeeper, [DOCUMENTED]);
    await expect.poll(() => cut.length).toBe(1);
    expect([STRANGER, PBX].map((address) => cut[0]?.(tls, address, 5061))).toEqual([true, false]);
  });
});

describe('a call to an emergency number (O11)', () => {
  test('gets in from a phone’s address that is blocked, and what belongs to it; nothing else does', () => {
    const { gatekeeper } = aGatekeeper();
    block(gatekeeper, PHONE);
    expect(gatekeeper.admits(udp, PHONE, 5062, ordinary)).toBe(false);
    expect(gatekeeper.admits(udp, PHONE, 5060, emergency)).toBe(true);
    expect(gatekeeper.admits(udp, PHONE, 5060, datagram('ACK sip:gate.example.com'))).toBe(true);
    expect(gatekeeper.admits(udp, PHONE, 5062, datagram('ACK sip:gate.example.com'))).toBe(false);
  });

  const inDialog = '<sip:gate.example.com>;tag=pbx';
  test.each([
    ['its ACK', datagram('ACK sip:x'), true],
    ['its BYE', datagram('BYE sip:x'), true],
    ['its re-INVITE', datagram('INVITE sip:x', 'urgent', inDialog), true],
    ['itself, asked for again with credentials', emergency, true],
    ['an answer of its', Buffer.from('SIP/2.0 200 OK\r\nCall-ID: urgent\r\n\r\n'), true],
    ['a registration', datagram('REGISTER sip:x'), false],
    ['a transfer of it', datagram('REFER sip:x', 'urgent', inDialog), false],
    ['another call by its Call-ID', datagram('INVITE sip:1002@x'), false],
    [
      'one whose display name has a tag',
      datagram('INVITE sip:1002@x', 'urgent', '";tag=a" <sip:x>'),
      false,
    ],
    ['something of another call', datagram('BYE sip:x', 'another'), false],
    ['what is no SIP', Buffer.from('\r\n\r\n'), false],
  ])('from who is shut out lets in what belongs to it and no more: %s', (_what, sent, lets) => {
    const { gatekeeper } = aGatekeeper({ 'drop-all': { mode: 'on' } });
    expect(gatekeeper.admits(udp, STRANGER, 5060, emergency)).toBe(true);
    expect(gatekeeper.admits(udp, STRANGER, 5060, sent)).toBe(lets);
  });

  test('gets in through every rule that is asked before it is read', () => {
    const { gatekeeper, passes } = aGatekeeper({
      'drop-all': { mode: 'on' },
      'source-countries': { mode: 'on' },
      firewall: { rules: [{ name: 'all', action: 'drop' }] },
      'blocked-sources': { sources: ['0.0.0.0/0'] },
    });
    expect(gatekeeper.admits(udp, STRANGER, 5060, ordinary)).toBe(false);
    expect(gatekeeper.admits(udp, STRANGER, 5060, emergency)).toBe(true);
    expect(passes).toEqual([`${STRANGER} 5060`]);
    const urn = datagram('INVITE urn:service:sos.police');
    expect(gatekeeper.admits(udp, '203.0.113.8', 5060, urn)).toBe(true);
  });

  test('of blocked strangers one a second gets in, so that nobody is a flood for free', () => {
    const { gatekeeper } = aGatekeeper({ 'automatic-defence': { mode: 'off' } });
    block(gatekeeper, '203.0.113.0/24');
    const passed = Array.from({ length: 500 }, (_, index) =>
      gatekeeper.admits(udp, `203.0.113.${index % 250}`, 1000 + index, emergency),
    ).filter(Boolean).length;
    expect(passed).toBe(10);
    block(gatekeeper, PHONE);
    expect(gatekeeper.admits(udp, PHONE, 5060, emergency)).toBe(true);
  });

  test('over a connection: it is let in, and ends with the first message that is something else', () => {
    const { gatekeeper } = aGatekeeper();
    block(gatekeeper, PHONE);
    expect(gatekeeper.admits(tls, PHONE, 40_000)).toBe(true);
    expect(gatekeeper.admits(tls, PHONE, 40_000, 'REGISTER sip:x SIP/2.0\r\n\r\n')).toBe(false);
    expect(gatekeeper.admits(tls, PHONE, 40_001)).toBe(true);
    expect(gatekeeper.admits(tls, PHONE, 40_001, emergency.toString('latin1'))).toBe(true);
    expect(gatekeeper.admits(tls, PHONE, 40_001, datagram('BYE sip:x').toString('latin1'))).toBe(
      true,
    );
  });
});

describe('what a request earns', () => {
  const scanner = (about: Parameters<typeof aSource>[0]) =>
    aRequest({ at: Date.now(), userAgent: 'sipcli/v1.8', source: aSource(about) });

  test.each([
    ['a stranger over TCP: blocked', { transport: 'tcp', proven: true }, [3600]],
    ['a stranger over UDP: shortly', {}, [120]],
    ['a phone over UDP, whom anybody could name: not at all', { tier: 'known' }, []],
    ['an address of phones over UDP: not at all', { familiar: true }, []],
    ['an address of phones over TLS: blocked', { transport: 'tls', familiar: true }, [3600]],
    ['a trusted source: not even refused', { tier: 'trusted' }, []],
  ] as const)('%s', (_who, about, seconds) => {
    const { gatekeeper, changes } = aGatekeeper();
    const { verdict } = gatekeeper.judge('network', scanner(about));
    expect(verdict.kind).toBe('tier' in about && about.tier === 'trusted' ? 'pass' : 'drop');
    expect(
      changes.map(({ entry }) => Math.round(((entry.until ?? 0) - entry.firstSeen) / 1000)),
    ).toEqual(seconds);
    if (seconds.length > 0)
      expect(changes[0]?.entry).toMatchObject({
        rule: 'scanners',
        evidence: 'User-Agent "sipcli/v1.8"',
      });
  });

  test('IPv6: the /64 is blocked', () => {
    const { gatekeeper, changes } = aGatekeeper();
    gatekeeper.judge('network', scanner({ address: '2001:db8::5', transport: 'tcp' }));
    expect(changes[0]?.entry.network).toBe('2001:db8::/64');
    expect(gatekeeper.admits(udp, '2001:db8::99', 5060, ordinary)).toBe(false);
    expect(gatekeeper.admits(udp, '2001:db8:0:1::99', 5060, ordinary)).toBe(true);
  });

  test('a rule in shadow blocks nobody', () => {
    const { gatekeeper, changes } = aGatekeeper({
      stealth: { mode: 'off' },
      scanners: { mode: 'shadow' },
    });
    expect(gatekeeper.judge('network', scanner({})).verdict.kind).toBe('pass');
    expect(changes).toEqual([]);
  });

  test('an emergency call is not refused by what its sender earns', () => {
    const { gatekeeper, changes } = aGatekeeper();
    const call = { ...scanner({}), method: 'INVITE', emergency: true };
    expect(gatekeeper.judge('network', call).verdict.kind).toBe('pass');
    expect(changes).toEqual([]);
  });
});
