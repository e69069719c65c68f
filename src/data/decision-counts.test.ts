import { expect, test } from 'vitest';
import { aBroken, aPacket, aRequest } from '../../test/support/some-facts.ts';
import type { Decided } from '../edge/gatekeeper.ts';
import type { Decision } from '../policy/policy.ts';
import { pass, reject } from '../policy/verdict.ts';
import { DecisionCounts } from './decision-counts.ts';

const refusal = reject(403, 'scanner');
const refused: Decision = { verdict: refusal, rule: 'scanners', shadows: [] };
const decided = (facts: object, decision = refused): Decided => ({
  stage: 'network',
  facts: { ...aRequest(), ...facts },
  decision,
  trail: () => [],
});

test('decisions are counted by outcome, rule, reason, method, realm and tier', () => {
  const counts = new DecisionCounts();
  counts.decided(decided({ method: 'INVITE' }));
  counts.decided(decided({ method: 'INVITE' }));
  const shadows = [
    { rule: 'a', verdict: refusal },
    { rule: 'b', verdict: refusal, exception: 'fair' },
  ];
  counts.decided(decided({}, { verdict: pass, rule: undefined, shadows }));
  const common = { reason: 'scanner', realm: 'access', tier: 'unknown' };
  expect(counts.rows).toEqual([
    { outcome: 'refused', rule: 'scanners', method: 'INVITE', count: 2, ...common },
    { outcome: 'shadow', rule: 'a', method: 'OPTIONS', count: 1, ...common },
    { outcome: 'excepted', rule: 'b', method: 'OPTIONS', count: 1, ...common },
  ]);
});

test('what a stranger invents makes no series of its own', () => {
  const counts = new DecisionCounts();
  for (let tries = 0; tries < 100; tries++) counts.decided(decided({ method: `X${tries}` }));
  counts.decided({ ...decided({}), stage: 'broken', facts: aBroken() });
  expect(counts.rows.map(({ method, count }) => [method, count])).toEqual([
    ['other', 100],
    ['none', 1],
  ]);
});

test('packets are counted one by one, though only some of a flood are told of', () => {
  const counts = new DecisionCounts();
  const dropped: Decision = { verdict: reject(403, 'firewall'), rule: 'firewall', shadows: [] };
  for (let packets = 0; packets < 3; packets++) counts.packetDecided(dropped);
  counts.decided({ ...decided({}, dropped), stage: 'packet', facts: aPacket() });
  counts.packetDecided({ ...dropped, verdict: pass, rule: undefined });
  const shadows = [{ rule: 'drop-all', verdict: reject(403, 'drop-all') }];
  counts.packetDecided({ verdict: pass, rule: undefined, shadows });
  const common = { method: 'none', realm: 'access', tier: 'unknown' };
  expect(counts.rows).toEqual([
    { outcome: 'refused', rule: 'firewall', reason: 'firewall', count: 3, ...common },
    { outcome: 'shadow', rule: 'drop-all', reason: 'drop-all', count: 1, ...common },
  ]);
});
