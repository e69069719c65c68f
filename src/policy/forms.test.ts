import { describe, expect, test } from 'vitest';
import { country, numberPattern, readSource, timeZone } from './forms.ts';
import type { written } from './written.ts';

/** What is said of a text that does not fit. */
const issueOf = (form: ReturnType<typeof written>, text: string) =>
  form.safeParse(text).error?.issues[0];

describe('a source', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.0/24', '192.0.2.0/24'],
    ['192.0.2.0/255.255.255.0', '192.0.2.0/24'],
    ['0.0.0.0/0.0.0.0', '0.0.0.0/0'],
    ['2001:db8::/32', '2001:db8::/32'],
  ])('%s', (text, value) => {
    expect(readSource(text)).toEqual({ ok: true, value });
  });

  test.each([
    '192.0.2.0/33',
    '192.0.2.0/255.0.255.0',
    '2001:db8::/129',
    'example.com',
    '1.2.3.4/24/8',
    '1.2.3.4/',
  ])('%j is refused', (text) => {
    expect(readSource(text).ok).toBe(false);
  });

  test.each([
    ['192.168.1', '192.168.1.0/24'],
    ['10.*', '10.0.0.0/8'],
    ['192.168.1.*', '192.168.1.0/24'],
    ['192.0.2.1:5060', '192.0.2.1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['192.168.001.010', '192.168.1.10'],
    ['10.0.0.0 /8', '10.0.0.0/8'],
    ['10.0.0.0 255.0.0.0', '10.0.0.0/8'],
    ['10.0.0.0/0.255.255.255', '10.0.0.0/8'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['sip.example.com', undefined],
    ['300.1', undefined],
  ])('who writes %j means %s', (text, meant) => {
    expect(readSource(text)).toMatchObject({ ok: false, hint: { meant } });
  });
});

test('a country is one that exists, in its two capital letters', () => {
  expect(country.parse('DE')).toBe('DE');
  expect(issueOf(country, 'UK')).toMatchObject({ params: { hint: { meant: 'GB' } } });
  expect(issueOf(country, 'DD')).toMatchObject({ message: expect.stringContaining('ISO 3166') });
});

test('a time zone is one that this system knows', () => {
  expect(timeZone.parse('Europe/Berlin')).toBe('Europe/Berlin');
  expect(issueOf(timeZone, 'berlin')).toMatchObject({
    params: { hint: { meant: 'Europe/Berlin' } },
  });
  expect(issueOf(timeZone, 'Europe/Belrin')).toMatchObject({
    params: { hint: { among: expect.arrayContaining(['Europe/Berlin']) } },
  });
});

test('of a pattern it is said where it goes wrong', () => {
  expect(numberPattern.parse('0900!')).toBe('0900!');
  expect(issueOf(numberPattern, '09q')).toMatchObject({
    message: expect.stringContaining('digits'),
    params: { amiss: expect.stringContaining('position 3') },
  });
});
