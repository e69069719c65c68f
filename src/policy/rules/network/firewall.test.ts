import { describe, expect, test } from 'vitest';
import { aPacket, aSource, noCounts, someSite } from '../../../../test/support/some-facts.ts';
import type { Source } from '../../facts.ts';
import { accept, pass } from '../../verdict.ts';
import { firewall } from './firewall.ts';

const rule = (...rules: readonly object[]) =>
  firewall.create(firewall.options.parse({ rules }), someSite());
const packet = (source: Partial<Source> = {}) => aPacket({ source: aSource(source) });
const dropped = { kind: 'drop', reason: 'firewall' };

describe('firewall (N5)', () => {
  test('says nothing of what no rule fits', () => {
    expect(rule().judge(packet(), noCounts)).toBe(pass);
    expect(
      rule({ name: 'lab', action: 'drop', sources: ['192.0.2.0/24'] }).judge(packet(), noCounts),
    ).toBe(pass);
  });
  test.each([
    ['protocol', { protocol: 'tls' }, { transport: 'tls' }, { transport: 'udp' }],
    ['port', { ports: 5060 }, { toPort: 5060 }, { toPort: 5061 }],
    ['port range', { ports: '5060-5069' }, { toPort: 5069 }, { toPort: 5070 }],
    ['source', { sources: ['192.0.2.0/24'] }, { address: '192.0.2.9' }, { address: '192.0.3.9' }],
  ] as const)('drops by %s', (_what, condition, fits, fitsNot) => {
    const asked = rule({ name: 'a', action: 'drop', ...condition });
    expect(asked.judge(packet(fits), noCounts)).toEqual(dropped);
    expect(asked.judge(packet(fitsNot), noCounts)).toBe(pass);
  });
  test('the first that fits decides, and what it accepts is asked nothing more', () => {
    const office = { name: 'office', action: 'accept', sources: ['192.0.2.0/28'] };
    const rest = { name: 'rest', action: 'drop', sources: ['192.0.2.0/24'] };
    expect(rule(office, rest).judge(packet({ address: '192.0.2.9' }), noCounts)).toBe(accept);
    expect(rule(rest, office).judge(packet({ address: '192.0.2.9' }), noCounts)).toEqual(dropped);
  });
  test('explains by the name of the rule', () => {
    expect(rule({ name: 'lab', action: 'drop' }).explain(packet(), noCounts)).toEqual({
      saw: '198.51.100.7 over udp to port 5060: drop by "lab"',
      setting: ['network', 'firewall', 'rules', 0],
      flip: 'accept it by a rule before "lab"',
    });
  });
  test.each([
    ['ports the wrong way round', { ports: '5069-5060' }],
    ['a port that is none', { ports: 70_000 }],
    ['an action that is none', { action: 'reject' }],
    ['a source that is none', { sources: ['192.0.2'] }],
  ])('refuses %s at load time', (_why, part) => {
    const rules = [{ name: 'x', action: 'drop', ...part }];
    expect(firewall.options.safeParse({ rules }).success).toBe(false);
  });
});
