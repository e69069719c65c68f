import { describe, expect, test } from 'vitest';
import { SharedTexts } from './shared-texts.ts';

describe('texts that many have in common', () => {
  test('come back as they were', () => {
    const texts = new SharedTexts();
    expect([texts.one('Yealink SIP-T46S'), texts.one(''), texts.one('Yealink SIP-T46S')]).toEqual([
      'Yealink SIP-T46S',
      '',
      'Yealink SIP-T46S',
    ]);
  });

  test('come back right when strangers have said more of them than are kept', () => {
    const texts = new SharedTexts();
    for (let make = 0; make < 2000; make++) expect(texts.one(`make ${make}`)).toBe(`make ${make}`);
    expect(texts.one('make 1999')).toBe('make 1999');
  });
});
