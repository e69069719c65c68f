import { describe, expect, test } from 'vitest';
import {
  aProfile,
  aRegistration,
  noCounts,
  someSite,
} from '../../../../test/support/some-facts.ts';
import { devices } from './devices.ts';

const rule = (options: object = {}) => devices.create(devices.options.parse(options), someSite());
const judged = (facts: Parameters<typeof aRegistration>[0], options?: object) =>
  rule(options).judge(aRegistration(facts), noCounts);

describe('devices (R5)', () => {
  test('lets the first one register, and refuses the second', () => {
    expect(judged({ newDevices: 1, devices: 0 })).toEqual({ kind: 'adjust', keepDevices: 1 });
    expect(judged({ newDevices: 1, devices: 1 })).toEqual({
      kind: 'challenge',
      reason: 'too-many-devices',
    });
  });
  test('lets one that is registered come back, also where there are too many', () => {
    expect(judged({ newDevices: 0, devices: 3 })).toEqual({ kind: 'pass' });
  });
  test('takes back what one that comes back had before', () => {
    const back = { newDevices: 0, devices: 0, returning: true };
    expect(judged(back)).toEqual({ kind: 'adjust', keepDevices: 1 });
  });
  test('takes the same source and User-Agent for the same phone, where it would be one too many', () => {
    expect(judged({ devices: 1, alike: 1 })).toEqual({ kind: 'adjust', keepDevices: 1 });
    expect(judged({ devices: 2, alike: 1 }).kind).toBe('challenge');
    expect(judged({ devices: 1, alike: 1 }, { most: 2 })).toEqual({
      kind: 'adjust',
      keepDevices: 2,
    });
  });
  test('replaces the oldest where the operator wants that', () => {
    const replace = { atLimit: 'replace', most: 2 };
    expect(judged({ devices: 2 }, replace)).toEqual({ kind: 'adjust', keepDevices: 2 });
    expect(judged({ devices: 1 }, replace)).toEqual({ kind: 'adjust', keepDevices: 2 });
  });
  test('goes by the number of the extension before that of the site', () => {
    const profile = aProfile({ devices: 3 });
    expect(judged({ devices: 2, profile })).toEqual({ kind: 'adjust', keepDevices: 3 });
    expect(judged({ devices: 3, profile }).kind).toBe('challenge');
  });
  test('explains by what is registered and what is allowed', () => {
    expect(rule().explain(aRegistration({ devices: 1 }), noCounts)).toEqual({
      saw: '1 new, 1 registered, 1 allowed',
      setting: ['registration', 'devices', 'most'],
      flip: 'devices: 2, or registration.devices.atLimit: replace',
    });
  });
});
