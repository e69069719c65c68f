import { describe, expect, test } from 'vitest';
import {
  aProfile,
  aRegistration,
  noCounts,
  someSite,
} from '../../../../test/support/some-facts.ts';
import { registerName } from './register-name.ts';

const rule = registerName.create(registerName.options.parse({}), someSite());
const asked = (registerName: string | undefined, wanted: string | undefined) =>
  rule.judge(aRegistration({ registerName, profile: aProfile({ registerName: wanted }) }), noCounts)
    .kind;

describe('register-name (R1)', () => {
  test('refuses another name than the one set', () => {
    expect(asked('1001', 'u-8842')).toBe('challenge');
  });
  test('passes the one set', () => {
    expect(asked('u-8842', 'u-8842')).toBe('pass');
  });
  test('passes any name where none is set', () => {
    expect(asked('1001', undefined)).toBe('pass');
  });
  test('leaves a REGISTER without credentials to be challenged', () => {
    expect(asked(undefined, 'u-8842')).toBe('pass');
  });
});
