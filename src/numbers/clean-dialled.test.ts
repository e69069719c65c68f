import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanDialled } from './clean-dialled.ts';

const anyCharacter = fc.nat(0xffff).map((code) => String.fromCharCode(code));

describe('what a phone sent, cleaned', () => {
  test.each([
    ['1001', '1001'],
    ['0-30 (123).456', '030123456'],
    ['%2B4930123456', '+4930123456'],
    ['%30%30960', '00960'],
    ['tel:+49-30-123456', '+4930123456'],
    ['TEL:112', '112'],
    ['+4930123456;isub=12;ext=5', '+4930123456'],
    ['A1b', 'a1b'],
  ])('%j dials %s', (dialled, digits) => {
    expect(cleanDialled(dialled, null)).toMatchObject({ digits, dialable: true });
  });

  test.each([
    ['letters', 'alice'],
    ['digits of another script', '٠٠٩٦٠١٢٣٤'],
    ['full-width digits', '００９６０'],
    ['an escape escaped', '%252B49'],
    ['an escape that is none', '%2'],
    ['a parameter that is escaped', '112%3Bx'],
    ['a control character', '112%00'],
    ['a line break', '112\r\n'],
    ['digits beyond the 32nd', '1'.repeat(33)],
  ])('%s cannot be dialled, and show only 32 characters', (_what, dialled) => {
    const { dialable, digits } = cleanDialled(dialled, null);
    expect(dialable).toBe(false);
    expect(digits).toBe(dialled.slice(0, 32));
  });

  test.each([
    ['1001;phone-context=+44', '44'],
    ['1001;ext=1;PHONE-CONTEXT=%2B1-914', '1914'],
    ['1001;phone-context=example.com', undefined],
    ['1001;phone-context=44', undefined],
    ['1001;phone-context=+1234567890123456', undefined],
    ['1001', undefined],
  ])('%j was dialled in context %s', (dialled, context) => {
    expect(cleanDialled(dialled, null).context).toBe(context);
  });
});

describe('a PIN before the number', () => {
  test.each([
    ['1234*00960', '1234', '00960'],
    ['12-34%2A00960', '1234', '00960'],
    ['1234**98', '1234', '*98'],
    ['1234*', '1234', ''],
  ])('%s', (dialled, pin, digits) => {
    expect(cleanDialled(dialled, '*')).toMatchObject({ pin, digits, dialable: true });
  });

  test.each(['*98', '1001', '+49*1', '#31#1'])('there is none in %s', (dialled) => {
    expect(cleanDialled(dialled, '*')).toMatchObject({ pin: undefined, digits: dialled });
  });

  test('is part of the number where no separator is set', () => {
    expect(cleanDialled('1234*00960', null)).toMatchObject({
      pin: undefined,
      digits: '1234*00960',
    });
  });

  test.each(['12x34*00960', '1234*alice', `${'1'.repeat(33)}*1`])(
    'is not shown when %s was mistyped',
    (dialled) => {
      expect(cleanDialled(dialled, '*')).toMatchObject({ dialable: false, digits: '' });
    },
  );
});

test('nothing makes cleaning throw, or keep more than 32 characters', () => {
  const text = fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 100 }),
    fc.string({
      unit: fc.constantFrom(...'0159*#+-.() ;%2Bbad:tel=phone-context'),
      maxLength: 100,
    }),
  );
  fc.assert(
    fc.property(text, fc.constantFrom(null, '*', '#'), (dialled, separator) => {
      const { digits, pin, dialable } = cleanDialled(dialled, separator);
      expect(digits.length).toBeLessThanOrEqual(32);
      expect(pin?.length ?? 0).toBeLessThanOrEqual(32);
      if (dialable) expect(digits).toMatch(/^[0-9*#+a-d]*$/);
    }),
  );
});
