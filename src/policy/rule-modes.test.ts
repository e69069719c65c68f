import { describe, expect, test } from 'vitest';
import { policySchema } from './policy-settings.ts';
import { rulesOf, stages } from './registry.ts';
import { isInShadow, ruleModes } from './rule-modes.ts';

const modes = (settings: object = {}) => ruleModes(policySchema.parse(settings));
const one = (name: string, settings?: object) => {
  const found = modes(settings).find((rule) => rule.name === name);
  if (found === undefined) throw new Error(`no rule ${name}`);
  return found;
};

describe('the modes of the rules (X4)', () => {
  test('are told of every rule, in the order in which they are asked', () => {
    expect(modes().map(({ name }) => name)).toEqual(
      stages.flatMap((stage) => rulesOf[stage].map(({ name }) => name)),
    );
  });
  test('are what the rule says, and where', () => {
    const outbound = { 'allowed-countries': { mode: 'shadow' } };
    expect(one('allowed-countries', { outbound })).toMatchObject({
      stage: 'outbound',
      mode: 'shadow',
      setting: ['outbound', 'allowed-countries', 'mode'],
      own: [],
    });
  });
  test('are less where the site says less', () => {
    expect(one('no-guests', { site: { rules: 'shadow' } })).toMatchObject({
      mode: 'shadow',
      setting: ['site', 'rules'],
    });
    expect(one('anonymous-callers', { site: { rules: 'shadow' } }).mode).toBe('off');
  });
  test('may differ for an extension or a group', () => {
    const extensions = {
      groups: { sales: { rules: { 'no-guests': 'shadow' } } },
      list: { 1001: { rules: { 'no-guests': 'off' } } },
    };
    const noGuests = one('no-guests', { extensions });
    expect(noGuests.own).toMatchObject([
      { mode: 'shadow', setting: ['extensions', 'groups', 'sales', 'rules', 'no-guests'] },
      { mode: 'off', setting: ['extensions', 'list', '1001', 'rules', 'no-guests'] },
    ]);
    expect([isInShadow(noGuests), isInShadow(one('no-guests'))]).toEqual([true, false]);
  });
});
