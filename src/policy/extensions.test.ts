import { describe, expect, test } from 'vitest';
import { extensionsOf } from '../../test/support/some-facts.ts';

const extensions = extensionsOf({
  defaults: { countries: ['AT'], devices: 1 },
  groups: {
    sales: { countries: ['DE'], rules: { scanners: 'off' } },
    travel: { countries: ['FR'], international: true },
  },
  list: {
    '1001': { groups: ['sales', 'travel'], devices: 3 },
    '1002': { groups: ['travel'], countries: [], rules: { guest: 'shadow' } },
  },
});

describe('an extension', () => {
  test('has the last word, then its groups from first to last, then the defaults', () => {
    expect(extensions.profileOf('1001')).toEqual({
      groups: ['sales', 'travel'],
      listed: true,
      countries: ['DE'],
      international: true,
      devices: 3,
      rules: { scanners: 'off' },
    });
    expect(extensions.profileOf('1002')).toMatchObject({ countries: [], devices: 1 });
  });
  test.each(['1003', undefined, '__proto__', 'toString'])(
    '%j, not listed, has the defaults',
    (name) => {
      expect(extensions.profileOf(name)).toEqual({
        groups: [],
        listed: false,
        countries: ['AT'],
        devices: 1,
      });
    },
  );
  test('knows where each of its values was said', () => {
    expect(extensions.whereSet('1001', 'devices')).toEqual([
      'extensions',
      'list',
      '1001',
      'devices',
    ]);
    expect(extensions.whereSet('1001', 'countries')).toEqual([
      'extensions',
      'groups',
      'sales',
      'countries',
    ]);
    expect(extensions.whereSet('1003', 'devices')).toEqual(['extensions', 'defaults', 'devices']);
    expect(extensions.whereSet('1003', 'international')).toBeUndefined();
  });
});
