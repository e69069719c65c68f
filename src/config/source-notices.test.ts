import { describe, expect, test } from 'vitest';
import { isVast, sourceNotices } from './source-notices.ts';

test.each([
  ['0.0.0.0/0', true],
  ['192.0.0.0/7', true],
  ['10.0.0.0/8', false],
  ['192.0.2.1', false],
  ['::/0', true],
  ['2001:db8::/32', false],
])('%s is a great part of the internet: %s', (network, vast) => {
  expect(isVast(network)).toBe(vast);
});

describe('it is said', () => {
  const carrier = (...sources: readonly string[]) => ({ name: 'carrier', sources });

  test('that everybody is the PBX, or a carrier', () => {
    expect(sourceNotices({ sources: ['192.0.2.0/24', '0.0.0.0/0'] }, [])).toEqual([
      'pbx.sources has 0.0.0.0/0: whoever is in it is taken for the PBX, and calls whom he likes',
    ]);
    expect(sourceNotices({ sources: [] }, [carrier('203.0.113.5', '::/0')])).toEqual([
      'trunk carrier has ::/0 in its sources: whoever is in it is taken for it',
    ]);
  });

  test('that a carrier is taken for the PBX', () => {
    const sources = ['203.0.113.0/24'];
    expect(sourceNotices({ sources }, [carrier('203.0.113.5', '198.51.100.7')])).toEqual([
      "trunk carrier has 203.0.113.5 in its sources, and pbx.sources has 203.0.113.0/24: what comes from there is the PBX's, and no rule for inbound calls is asked",
    ]);
  });

  test('and nothing where each has its own', () => {
    expect(sourceNotices({ sources: ['192.0.2.0/24'] }, [carrier('217.0.0.0/13')])).toEqual([]);
  });
});
