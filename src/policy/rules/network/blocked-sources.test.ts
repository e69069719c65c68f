import { describe, expect, test } from 'vitest';
import { aPacket, aSource, noCounts, someSite } from '../../../../test/support/some-facts.ts';
import { blockedSources } from './blocked-sources.ts';

const rule = (sources: readonly string[] = []) =>
  blockedSources.create(blockedSources.options.parse({ sources }), someSite());
const from = (address: string) => aPacket({ source: aSource({ address }) });

describe('blocked-sources (N2)', () => {
  test.each([
    ['an address', '203.0.113.7', '203.0.113.7'],
    ['a CIDR', '203.0.113.0/24', '203.0.113.200'],
    ['a netmask', '203.0.113.0/255.255.255.0', '203.0.113.200'],
    ['IPv6', '2001:db8::/32', '2001:db8:1::5'],
  ])('drops what comes from %s of the list', (_what, source, address) => {
    expect(rule([source]).judge(from(address), noCounts)).toEqual({
      kind: 'drop',
      reason: 'source-blocked',
    });
  });
  test('passes everybody else', () => {
    expect(rule(['203.0.113.0/24']).judge(from('203.0.114.1'), noCounts).kind).toBe('pass');
  });

  const blocked = { network: '203.0.113.7', rule: 'scanners', evidence: 'User-Agent "sipcli"' };
  const listed = aPacket({
    source: aSource({ blocked: { ...blocked, until: Date.UTC(2026, 0) } }),
  });
  test('drops what is on the block list, and says who put it there', () => {
    expect(rule().judge(listed, noCounts).kind).toBe('drop');
    expect(rule().explain(listed, noCounts)).toEqual({
      saw: '198.51.100.7 blocked as 203.0.113.7 by scanners until 2026-01-01T00:00:00.000Z: User-Agent "sipcli"',
      flip: 'drawbridge unblock 203.0.113.7',
    });
  });
  test('names the entry of the file that decides', () => {
    expect(rule(['192.0.2.1', '203.0.113.0/24']).explain(from('203.0.113.9'), noCounts)).toEqual({
      saw: '203.0.113.9 in 203.0.113.0/24',
      setting: ['network', 'blocked-sources', 'sources', 1],
      flip: 'take 203.0.113.0/24 off the list',
    });
  });
});
