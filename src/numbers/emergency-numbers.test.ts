import { getCountries } from 'libphonenumber-js/max';
import { describe, expect, test } from 'vitest';
import { emergencyNumbersOf, isEmergencyUrn } from './emergency-numbers.ts';

describe('emergency numbers', () => {
  test('are those of the country', () => {
    expect(emergencyNumbersOf('US')).toEqual(['911']);
    expect(emergencyNumbersOf('DE')).toEqual(['112', '110']);
    expect(emergencyNumbersOf('AU')).toContain('000');
  });

  test.each([null, 'XX', 'constructor'])('are 112, 911 and 999 for %j', (country) => {
    expect(emergencyNumbersOf(country)).toEqual(['112', '911', '999']);
  });

  test('are known in every country that has telephones, short, and each once', () => {
    for (const country of getCountries()) {
      const numbers = emergencyNumbersOf(country);
      expect(numbers.length, country).toBeGreaterThan(0);
      expect(new Set(numbers).size, country).toBe(numbers.length);
      for (const number of numbers) expect(number, country).toMatch(/^\d{2,6}$/);
    }
  });
});

describe('an emergency URN', () => {
  test.each([
    'urn:service:sos',
    'URN:Service:SOS',
    'urn:service:sos.fire',
    'urn:service:sos.a.b-c',
  ])('is %s', (uri) => expect(isEmergencyUrn(uri)).toBe(true));
  test.each([
    'urn:service:sosx',
    'urn:service:counseling',
    'sip:sos@x',
    'urn:service:sos.',
    'urn:service:sos;x',
    'xurn:service:sos',
  ])('is not %s', (uri) => expect(isEmergencyUrn(uri)).toBe(false));
});
