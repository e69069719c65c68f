import { describe, expect, test } from 'vitest';
import { loadSettings } from '../../config/load.ts';
import type { Listener, Realm, Transport } from '../../edge/signaling.ts';
import { type NetworkSet, usualSets } from './block-sets.ts';
import { endpointsOf } from './endpoints.ts';
import { rulesetOf } from './ruleset.ts';
import { shapeOf, type World } from './shape.ts';

const listener = (
  transport: Transport,
  address: string,
  port: number,
  realm: Realm = 'access',
): Pick<Listener, 'transport' | 'address' | 'port' | 'realm'> => ({
  transport,
  address,
  port,
  realm,
});
const machine = {
  addresses: { 4: ['127.0.0.0/8', '192.0.2.1'], 6: ['2001:db8::1'] },
  devices: ['eth0'],
};
const now = Date.UTC(2026, 0, 1);
const endpoints = endpointsOf(
  [listener('udp', '0.0.0.0', 5060), listener('tls', '192.0.2.1', 5061)],
  machine,
  false,
);

/** The lines of the table's text, for these settings. */
function lines(set: readonly string[], world: Partial<World> = {}): readonly string[] {
  const loaded = loadSettings({ set, pbx: ['sip:192.0.2.10'] }, {});
  if (!loaded.ok) throw new Error('these settings are wrong');
  const { policy } = loaded.settings;
  const shape = shapeOf(
    {
      ...{ policy, machine, endpoints, trusted: [], sets: usualSets },
      ...world,
    },
    { at: 'prerouting' },
    now,
  );
  return rulesetOf('t', shape)
    .text.split('\n')
    .map((line) => line.trim());
}

describe('the kernel looks', () => {
  test('at what is for our own ports and addresses, and at nothing else', () => {
    const text = lines([]);
    const arrives = text.slice(text.indexOf('chain arrives {') + 1).filter((line) => line !== '}');
    expect(arrives.filter((line) => line !== '')).toEqual([
      'type filter hook prerouting priority -300; policy accept;',
      'ip daddr . meta l4proto . th dport { 192.0.2.1 . tcp . 5061 } goto from4',
      'meta l4proto . th dport { udp . 5060 } ip daddr { 127.0.0.0/8, 192.0.2.1 } goto from4',
    ]);
  });

  test('not at listeners for the PBX and carriers, nor at those of a drachtio-server elsewhere', () => {
    const listeners = [
      listener('udp', '192.0.2.1', 5060),
      listener('udp', '192.0.2.1', 5070, 'trunk'),
      listener('udp', '203.0.113.1', 5080),
    ];
    const text = lines([], { endpoints: endpointsOf(listeners, machine, true) }).join('\n');
    expect(text).toContain('{ 192.0.2.1 . udp . 5060 } goto from4');
    expect(text).not.toMatch(/5070|5080/);
  });

  test('at IPv6 listeners by themselves', () => {
    const text = lines([], {
      endpoints: endpointsOf([listener('udp', '::', 5060)], machine, false),
    });
    expect(text).toContain(
      'meta l4proto . th dport { udp . 5060 } ip6 daddr { 2001:db8::1 } goto from6',
    );
    expect(text.filter((line) => line.endsWith('goto from4'))).toEqual([]);
  });
});

describe('the kernel leaves alone', () => {
  test('allowed sources, the PBX, and for whom a rule does not count just now', () => {
    const exception = (until: string, more = '') =>
      `exceptions={ fair: { rule: blocked-sources, source: 203.0.113.7, until: "${until}", why: x${more} } }`;
    const spared = (...set: string[]) =>
      lines(['network.allowed=[198.51.100.0/24]', ...set], { trusted: ['192.0.2.10'] }).find(
        (line) => line.startsWith('ip saddr {') && line.endsWith('accept'),
      );
    expect(spared()).toBe('ip saddr { 192.0.2.10, 198.51.100.0/24 } accept');
    expect(spared(exception('2026-01-02 00:00'))).toContain('203.0.113.7');
    expect(spared(exception('2025-12-31 00:00'))).not.toContain('203.0.113.7');
    expect(spared(exception('2026-01-02 00:00', ', extension: "1001"'))).not.toContain(
      '203.0.113.7',
    );
  });
});

describe('the kernel drops', () => {
  const has = (what: string, ...set: string[]) => lines(set).some((line) => line.includes(what));

  test.each([
    ['blocked sources', '@blocked4_32 goto refuse_blocked_sources', 'network.blocked-sources.mode'],
    ['unproven ones', '@unproven6_64 goto refuse_blocked_sources', 'network.blocked-sources.mode'],
    ['floods', 'limit rate over 20/second burst 40 packets', 'network.automatic-defence.mode'],
  ])('%s, as long as the rule is on', (_what, text, mode) => {
    expect(has(text)).toBe(true);
    for (const other of ['shadow', 'off']) expect(has(text, `${mode}=${other}`)).toBe(false);
    expect(has(text, 'site.rules=shadow')).toBe(false);
  });

  test('more of strangers than their share', () => {
    const share = 'limit rate over 1000/second burst 3000 packets goto refuse_strangers_share';
    expect(has(share)).toBe(true);
    expect(has('goto refuse_strangers', 'network.strangers-share.mode=shadow')).toBe(false);
    expect(has('90/minute', 'network.strangers-share.perSecond=1.5')).toBe(true);
  });

  test('what familiar sources send only for being blocked, by the firewall, or with all else', () => {
    const text = lines([]);
    const from4 = text.slice(text.indexOf('chain from4 {') + 1);
    expect(from4.slice(0, from4.indexOf('}'))).toEqual([
      'ip saddr . th sport @passes4 accept',
      'ip saddr @blocked4_32 goto refuse_blocked_sources',
      'ip saddr @known4_32 goto firewall',
      'ip saddr @unproven4_32 goto refuse_blocked_sources',
      'goto stranger',
    ]);
  });

  test('what lists name, and not what they allow', () => {
    const sets: NetworkSet[] = [
      ...usualSets,
      { kind: 'allowed', family: 4, bits: 32 },
      { kind: 'listed', family: 4, bits: 24 },
      { kind: 'firm', family: 4, bits: 32 },
    ];
    const from4 = (...set: string[]) => {
      const text = lines(set, { sets });
      const chain = text.slice(text.indexOf('chain from4 {') + 1);
      return chain.slice(0, chain.indexOf('}'));
    };
    expect(from4()).toEqual([
      'ip saddr @allowed4_32 accept',
      'ip saddr . th sport @passes4 accept',
      'ip saddr @blocked4_32 goto refuse_blocked_sources',
      'ip saddr @firm4_32 goto refuse_blocked_sources',
      'ip saddr @known4_32 goto firewall',
      'ip saddr @unproven4_32 goto refuse_blocked_sources',
      'ip saddr & 255.255.255.0 @listed4_24 goto refuse_blocked_sources',
      'goto stranger',
    ]);
    expect(from4('network.blocked-sources.mode=shadow')).toEqual([
      'ip saddr @allowed4_32 accept',
      'ip saddr . th sport @passes4 accept',
      'ip saddr @known4_32 goto firewall',
      'goto stranger',
    ]);
  });

  test('by firewall rules, in order, where their protocol and ports are ours', () => {
    const rules = [
      '{ name: a, action: accept, sources: [203.0.113.0/24, 2001:db8::/32] }',
      '{ name: b, action: drop, protocol: tls }',
      '{ name: c, action: drop, ports: 5060-5069 }',
      '{ name: d, action: drop, protocol: ws }',
    ];
    const text = lines([
      `network.firewall.rules=[${rules.join(', ')}]`,
      'network.drop-all.mode=on',
    ]);
    const firewall = text.slice(text.indexOf('chain firewall {') + 1);
    expect(firewall.slice(0, firewall.indexOf('}'))).toEqual([
      'ip daddr . meta l4proto . th dport { 192.0.2.1 . tcp . 5061 } ip saddr { 203.0.113.0/24 } accept',
      'meta l4proto . th dport { udp . 5060 } meta nfproto ipv4 ip saddr { 203.0.113.0/24 } accept',
      'ip daddr . meta l4proto . th dport { 192.0.2.1 . tcp . 5061 } goto refuse_firewall',
      'ip daddr . meta l4proto . th dport { 192.0.2.1 . tcp . 5061 } goto refuse_firewall',
      'meta l4proto . th dport { udp . 5060 } meta nfproto ipv4 goto refuse_firewall',
      'goto refuse_drop_all',
    ]);
  });

  test('by rates in the smallest unit in which they are whole', () => {
    const rates = [
      '{ port: 5060, protocol: udp, packets: 7, seconds: 2 }',
      '{ port: 5060, protocol: udp, packets: 10, seconds: 7 }',
      '{ port: 9999, protocol: udp, packets: 1, seconds: 1 }',
    ];
    const text = lines([`network.automatic-defence.rates=[${rates.join(', ')}]`]).join('\n');
    expect(text).toContain('limit rate over 210/minute burst 7 packets');
    expect(text).toContain('limit rate over 5143/hour burst 10 packets');
    expect(text).not.toContain('9999');
  });
});
