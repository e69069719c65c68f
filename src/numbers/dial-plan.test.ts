import fc from 'fast-check';
import parsePhoneNumber, { getCountries, getExampleNumber } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { describe, expect, test } from 'vitest';
import { compileDialPlan, type DialPlan } from './dial-plan.ts';
import type { Dialled } from './dialled.ts';
import type { RiskyRange } from './risky-ranges.ts';

const anyCharacter = fc.nat(0xffff).map((code) => String.fromCharCode(code));

const maldives: RiskyRange = {
  prefix: '960',
  name: 'maldives',
  kind: 'revenue-share',
  source: 'this test',
  seen: '2026-11-29',
};
const aPlan = (changes: Partial<DialPlan> = {}): DialPlan => ({
  homeCountry: 'GB',
  outsidePrefix: '',
  internationalPrefixes: null,
  nationalPrefix: null,
  extensions: ['XXX', 'XXXX'],
  services: ['*X!', '**X!', '#X!'],
  emergencyNumbers: null,
  pinSeparator: null,
  ...changes,
});
const reading = (changes: Partial<DialPlan> = {}) => compileDialPlan(aPlan(changes), [maldives]);

const britain = reading();
const america = reading({ homeCountry: 'US', outsidePrefix: '9' });
const germany = reading({ homeCountry: 'DE', outsidePrefix: '0' });
const nowhere = reading({ homeCountry: null });

describe('a number is read by the dial plan', () => {
  const show = ({ kind, e164, country, class: of }: Dialled) =>
    [kind, e164, country, of].map((each) => each ?? '-').join(' ');

  test.each([
    ['1001', 'extension - - unknown'],
    ['100', 'extension - - unknown'],
    ['*98', 'service - - unknown'],
    ['#31#07911123456', 'service - - unknown'],
    ['020 7946 0018', 'national +442079460018 GB fixed'],
    ['+44 (0)20 7946 0018', 'national +442079460018 GB fixed'],
    ['0800 1111', 'national +448001111 GB toll-free'],
    ['0909 879 0000', 'national +449098790000 GB premium'],
    ['118118', 'national - GB short-code'],
    ['79460018', 'national - GB unknown'],
    ['01481 960194', 'international +441481960194 GG fixed'],
    ['00960 777 1234', 'international +9607771234 MV mobile'],
    ['+1 202 555 0123', 'international +12025550123 US fixed-or-mobile'],
    ['+1 876 555 1234', 'international +18765551234 JM mobile'],
    ['+881 612345678', 'international +881612345678 - satellite'],
    ['+882 161234567', 'international +882161234567 - satellite'],
    ['+882 341234567', 'international +882341234567 - international-network'],
    ['+870 773912345', 'international +870773912345 - satellite'],
    ['+871 123456789', 'international +871123456789 - satellite'],
    ['+800 12345678', 'international +80012345678 - toll-free'],
    ['+808 12345678', 'international +80812345678 - shared-cost'],
    ['+979 123456789', 'international +979123456789 - premium'],
    ['+888 12345678901', 'international +88812345678901 - international-network'],
    ['+999 12345678', 'international +99912345678 - unknown'],
  ])('in Britain %s is %s', (dialled, expected) => {
    expect(show(britain(dialled))).toBe(expected);
  });

  test.each([
    ['9 1 202 555 0123', 'national +12025550123 US fixed-or-mobile'],
    ['12025550123', 'national +12025550123 US fixed-or-mobile'],
    ['2025550123', 'national +12025550123 US fixed-or-mobile'],
    ['9 555 1234', 'national - US unknown'],
    ['9 1 800 555 1234', 'national +18005551234 US toll-free'],
    ['9 1 900 555 1234', 'national +19005551234 US premium'],
    ['9 1 876 555 1234', 'international +18765551234 JM mobile'],
    ['8765551234', 'international +18765551234 JM mobile'],
    ['9 1 416 555 1234', 'international +14165551234 CA fixed-or-mobile'],
    ['9 011 44 20 7946 0018', 'international +442079460018 GB fixed'],
    ['9 +44 20 7946 0018', 'international +442079460018 GB fixed'],
    ['9001', 'extension - - unknown'],
    // A new area code, for all that can be known.
    ['9 1 999 555 1234', 'national +19995551234 - unknown'],
  ])('in the United States behind a 9 %s is %s', (dialled, expected) => {
    expect(show(america(dialled))).toBe(expected);
  });

  test.each([
    ['0 030 1234567', 'national +49301234567 DE fixed'],
    // The outside line is taken, and what is left has no area code.
    ['030 1234567', 'national - DE fixed'],
    ['0 1234567', 'national - DE unknown'],
    ['0 00960 777 1234', 'international +9607771234 MV mobile'],
    ['+49 30 1234567', 'national +49301234567 DE fixed'],
    ['0 0900 1234567', 'national +499001234567 DE premium'],
  ])('in Germany behind a 0 %s is %s', (dialled, expected) => {
    expect(show(germany(dialled))).toBe(expected);
  });

  test.each([
    ['030 1234567', 'national - - unknown'],
    ['118', 'extension - - unknown'],
    ['118118', 'national - - short-code'],
    ['+49301234567', 'international +49301234567 DE fixed'],
    ['0049301234567', 'international +49301234567 DE fixed'],
    ['01149301234567', 'international +49301234567 DE fixed'],
    ['01033 00 960 7771234', 'international +9607771234 MV mobile'],
  ])('where no country is said %s is %s', (dialled, expected) => {
    expect(show(nowhere(dialled))).toBe(expected);
  });

  test('a number keeps what was dialled, and names the risks it matches', () => {
    expect(britain('00960-777 1234')).toEqual({
      digits: '009607771234',
      kind: 'international',
      e164: '+9607771234',
      country: 'MV',
      callingCode: '960',
      class: 'mobile',
      risks: ['maldives'],
      pin: undefined,
    });
    expect(britain('02079460018').risks).toEqual([]);
  });

  test('every country reads its own numbers as people there write them', () => {
    for (const country of getCountries()) {
      const number = getExampleNumber(country, examples);
      if (number?.country !== country) continue;
      const site = reading({ homeCountry: country, extensions: [] });
      const expected = { kind: 'national', e164: number.number, country };
      expect(site(number.formatNational()), `${country} at home`).toMatchObject(expected);
      expect(site(number.number), `${country} with +`).toMatchObject(expected);
      const [elsewhere, prefix] = country === 'US' ? [britain, '00'] : [america, '9011'];
      const abroad = elsewhere(`${prefix}${number.number.slice(1)}`);
      expect(abroad).toMatchObject({ kind: 'international', e164: number.number });
      // What Åland shares with Finland is Finnish to the rest of the world.
      expect([country, parsePhoneNumber(number.number)?.country]).toContain(abroad.country);
    }
  });

  test('a national prefix of its own is heeded', () => {
    const site = reading({ homeCountry: 'GB', nationalPrefix: '7' });
    expect(site('72079460018')).toMatchObject({ kind: 'national', e164: '+442079460018' });
  });

  test('parts of one nation are not abroad to each other, and keep their names', () => {
    expect(reading({ homeCountry: 'FI' })('018 12345')).toMatchObject({
      kind: 'national',
      country: 'AX',
    });
  });
});

describe('an emergency number', () => {
  test.each(['999', '112', 'tel:999', '9-9-9', '999;phone-context=+49', '%39%39%39'])(
    'is %s in Britain',
    (dialled) => {
      expect(britain(dialled)).toMatchObject({
        kind: 'emergency',
        country: 'GB',
        class: 'short-code',
      });
    },
  );
  test.each(['911', '9911', '9 911'])('is %s in the United States behind a 9', (dialled) => {
    expect(america(dialled).kind).toBe('emergency');
  });
  test.each(['112', '911', '999'])('is %s where no country is said', (dialled) => {
    expect(nowhere(dialled).kind).toBe('emergency');
  });

  test.each(['+112', '+999', '9990', '0999', '999*', '00112', '*999', '911', '112%3B00960'])(
    'is not %s in Britain',
    (dialled) => {
      expect(britain(dialled).kind).not.toBe('emergency');
    },
  );

  test('is never an extension, a service or abroad, whatever the patterns say', () => {
    const greedy = reading({
      extensions: ['!'],
      services: ['!'],
      internationalPrefixes: ['9', '1'],
    });
    expect(greedy('999').kind).toBe('emergency');
    expect(greedy('112').kind).toBe('emergency');
  });

  test('is the list of the dial plan, if it has one', () => {
    const site = reading({ emergencyNumbers: ['5555'] });
    expect(site('5555').kind).toBe('emergency');
    expect(site('999').kind).toBe('extension');
  });
});

describe('a call abroad cannot pass for one at home', () => {
  test.each([
    ['britain', '4930123456789', 'DE'],
    ['britain', '9607771234', 'MV'],
    ['germany', '4420794600188', 'GB'],
    ['germany', '0442079460018', 'GB'],
    ['germany', '442079460018', 'GB'],
    ['germany', '12462345678', 'BB'],
    ['america', '9442079460018', 'GB'],
    ['spain', '442079460018', 'GB'],
    ['italy', '442079460018', 'GB'],
  ] as const)(
    'without any prefix, for a carrier that needs none: in %s, %s',
    (home, dialled, country) => {
      const spain = reading({ homeCountry: 'ES' });
      const italy = reading({ homeCountry: 'IT' });
      const read = { britain, germany, america, spain, italy }[home](dialled);
      expect(read).toMatchObject({ kind: 'international', country });
    },
  );

  test('nor does a satellite', () => {
    expect(germany('882161234567')).toMatchObject({ kind: 'international', class: 'satellite' });
  });

  test.each([
    ['germany', '0301234567'],
    ['germany', '03012345678'],
    ['germany', '123456789'],
    ['britain', '79460018'],
    ['britain', '02079460018'],
    ['america', '92125551234'],
    ['america', '912125551234'],
  ] as const)('a neighbour does not pass for one abroad: in %s, %s', (home, dialled) => {
    expect({ britain, germany, america }[home](dialled).kind).toBe('national');
  });

  const swallowing = { extensions: ['X.', 'XXXX'], services: ['*X.', '#X.', '0X.'] };

  test.each([
    '+9607771234',
    '%2B9607771234',
    '%2b%39607771234',
    'tel:+960-777-1234',
    '009607771234',
    '0-0-960-777-1234',
    '(00)9607771234',
    '0.0.9.6.0.7771234',
    '%30%30960%20777 1234',
    '00+9607771234',
    '+009607771234',
    '00009607771234',
    '009607771234;phone-context=+44',
    '009607771234;isub=1',
    '+9607771234;phone-context=+44',
    '*67009607771234',
    '*67+9607771234',
    '*21*009607771234#',
    '*21*1001*009607771234#',
    '*725550123456#+9607771234',
    '#31#009607771234',
    '1410009607771234',
    '141009607771234',
  ])('from Britain as %s, even where patterns would swallow it', (dialled) => {
    for (const read of [britain, reading(swallowing)]) {
      expect(read(dialled)).toMatchObject({ kind: 'international', country: 'MV' });
    }
  });

  test('with a zero too many, though nobody can say where it leads', () => {
    expect(britain('0009607771234')).toMatchObject({ kind: 'international', country: undefined });
    expect(nowhere('+09607771234')).toMatchObject({ kind: 'international', country: undefined });
  });

  test.each([
    '9 011 960 777 1234',
    '011 960 777 1234',
    '9 1 011 960 777 1234',
    '1 011 960 777 1234',
    '9 1010288 011 960 777 1234',
    '*67 011 960 777 1234',
    '*67 9 011 960 777 1234',
  ])('from the United States as %s', (dialled) => {
    expect(america(dialled)).toMatchObject({ kind: 'international', country: 'MV' });
  });

  test.each([
    '*67 876 555 1234',
    '*67 1 876 555 1234',
    '#67 1 876 555 1234',
    '*67 1 876 555 1234 5',
    '**67 1 876 555 1234',
    '9 1 876 555 1234 99',
    '+1 1 876 555 1234',
    '+1 876 555 1234;phone-context=+1',
    '1 876 555 1234;phone-context=+44',
  ])('from the United States to Jamaica as %s', (dialled) => {
    expect(america(dialled)).toMatchObject({ kind: 'international', country: 'JM' });
  });

  test('behind a code where it is a premium number at home, and no other', () => {
    const denmark = reading({ homeCountry: 'DK' });
    const premium: readonly (readonly [typeof britain, string, string])[] = [
      [britain, '#31#09098790000', '+449098790000'],
      [britain, '*21*1001*09098790000##', '+449098790000'],
      [britain, '*2109098790000', '+449098790000'],
      [america, '*67 1 900 555 1234', '+19005551234'],
      [america, '*67 900 555 1234', '+19005551234'],
      [america, '*72 9 1 900 555 1234', '+19005551234'],
      [denmark, '#31#90123456', '+4590123456'],
      [denmark, '*2190123456', '+4590123456'],
    ];
    for (const [read, dialled, e164] of premium)
      expect(read(dialled), dialled).toMatchObject({ kind: 'national', class: 'premium', e164 });
    for (const dialled of ['*67 1 212 555 1234', '*72 9 212 555 1234', '*729001'])
      expect(america(dialled).kind, dialled).toBe('service');
    expect(denmark('*21*33123456#').kind).toBe('service');
    expect(nowhere('#31#09098790000').kind).toBe('service');
  });

  test('with digits too many, and behind a code that hides the caller or chooses a carrier, where it is a premium number', () => {
    const premium: readonly (readonly [string, string, string])[] = [
      ['DE', '0900 1234567 8', '+4990012345678'], // not +1 2345678
      ['DE', '0900 1234567 890123', '+499001234567890123'],
      ['DE', '01033 0900 1234567', '+499001234567'],
      ['DE', '*31#0900 1234567 8', '+4990012345678'],
      ['CH', '0900 123456 7', '+419001234567'],
      ['NL', '0900 1234 5678', '+3190012345678'],
      ['US', '*67 1 900 555 1234 5', '+190055512345'],
      ['GB', '141 0901 123 4567', '+449011234567'], // not +1 410 901 1234
      ['GB', '1470 0901 123 4567', '+449011234567'],
      ['IE', '141 1580 123 456', '+3531580123456'],
      ['FR', '3651 0899 123456', '+33899123456'],
      ['JP', '184 0990 123456', '+81990123456'],
      ['AU', '1831 1902 123 456', '+611902123456'],
      ['AU', '#31#1902 123 456', '+611902123456'],
    ];
    for (const [homeCountry, dialled, e164] of premium)
      expect(reading({ homeCountry })(dialled), dialled).toMatchObject({
        ...{ kind: 'national', class: 'premium', e164 },
      });
    const others: readonly (readonly [string, string, string])[] = [
      ['GB', '3909012345678', 'IT'], // Messina, as a carrier takes it that is given E.164
      ['GB', '919812345678', 'IN'],
      ['GB', '141 020 7946 0018', 'US'],
      ['DE', '030 9001234567', 'DE'],
      ['DE', '*31#0044 20 7946 0018', 'GB'],
    ];
    for (const [homeCountry, dialled, country] of others) {
      const read = reading({ homeCountry })(dialled);
      expect(read, dialled).toMatchObject({ country });
      expect(read.class, dialled).not.toBe('premium');
    }
  });

  test.each(['9 01 960 777 1234', '9 1010288 1 876 555 1234'])(
    "through an operator or a carrier of one's choice as %s",
    (dialled) => {
      expect(america(dialled).kind).toBe('unknown');
    },
  );

  test.each(['0 01033 00 960 777 1234', '0 0 00 960 777 1234', '0 000 960 777 1234'])(
    'from Germany as %s',
    (dialled) => {
      expect(germany(dialled)).toMatchObject({ kind: 'international' });
    },
  );

  test.each([
    ['BR', '00 15 960 777 1234'],
    ['TW', '002 960 777 1234'],
    ['SG', '001 960 777 1234'],
    ['AU', '0011 960 777 1234'],
    ['RU', '8 10 960 777 1234'],
    ['JP', '010 960 777 1234'],
  ])('by the prefix of %s: %s', (homeCountry, dialled) => {
    expect(reading({ homeCountry })(dialled)).toMatchObject({
      kind: 'international',
      country: 'MV',
    });
  });

  test.each([
    ['HK', '001', '002', '007', '008', '009', '0060', '00'],
    ['KR', '001', '002', '005', '006', '008', '00345', '00700', '00766', '00775'],
    ['JP', '010', '001', '001010', '0033010', '0061010', '009130010', '184010'],
    ['BR', '0015', '0021', '0031', '0041', '0014', '0043'],
    ['CO', '005', '007', '009', '00414', '00444', '00456'],
    ['SG', '001', '002', '008', '018', '019', '020'],
    ['TH', '001', '005', '007', '008', '009'],
    ['ID', '001', '007', '008', '009', '01017', '01016'],
    ['TW', '002', '005', '006', '007', '009', '019'],
    ['IL', '00', '012', '013', '014', '015', '018', '019'],
    ['RU', '810', '826', '828', '857', '859'],
    ['FI', '00', '990', '994', '996', '999', '99533'],
    ['AU', '0011', '0015', '0018', '0019'],
    ['CL', '00', '1880', '1230', '1710'],
    ['CN', '00', '1790900', '1719100'],
    ['MU', '00', '020', '030'],
    ['TZ', '000', '005'],
  ])(
    'through whichever carrier of %s, it is none to another country',
    (homeCountry, ...prefixes) => {
      const site = reading({ homeCountry });
      for (const prefix of prefixes)
        for (const number of ['442079460123', '252612345678', '18765551234', '9607771234']) {
          const { kind, e164 } = site(prefix + number);
          // what may be two numbers is neither
          expect([kind, e164 ?? `+${number}`], prefix + number).toEqual([
            e164 === undefined ? 'unknown' : 'international',
            `+${number}`,
          ]);
        }
    },
  );

  test.each([
    // +1 252 in Carolina, by 00
    ['HK', '001 252 61 234 5678'],
    // or in Azerbaijan, without any prefix
    ['FI', '994 1 202 555 0123'],
    // in a range of Britain that nobody has yet
    ['HK', '001 442 345 678 901'],
  ])('is none at all where it may be two: from %s, %s', (homeCountry, dialled) => {
    expect(reading({ homeCountry })(dialled)).toMatchObject({ kind: 'unknown', e164: undefined });
    expect(reading({ homeCountry })(`*21*${dialled}#`).kind).toBe('international');
  });

  test('until the dial plan says by which prefix', () => {
    const site = (prefix: string) =>
      reading({ homeCountry: 'HK', internationalPrefixes: [prefix] })('001 252 612 3456');
    expect(site('00').country).toBe('US');
    expect(site('001').country).toBe('SO');
  });

  test.each([
    'KR',
    'ID',
    'JP',
    'RU',
    'NG',
    'KE',
    'BR',
    'KZ',
    'UG',
    'TJ',
    'SG',
    'TH',
    'TW',
    'US',
    'AU',
  ])('nor one at home, by 00, which carriers take from everywhere: from %s', (homeCountry) => {
    const site = reading({ homeCountry });
    for (const number of ['442079460123', '3712345678', '37525123456', '9607771234'])
      expect(site(`00${number}`).kind, number).toMatch(/international|unknown/);
    expect(site('00442079460123').country).toBe('GB');
    expect(site('0000442079460123').kind).toMatch(/international|unknown/);
  });

  test('while numbers of Leeds and Turin begin as those abroad do in America', () => {
    expect(britain('0113 496 0018').kind).toBe('national');
    expect(reading({ homeCountry: 'IT' })('011 1234567').kind).toBe('national');
  });

  test('by a prefix of the home country that the dial plan forgot', () => {
    const site = reading({ homeCountry: 'US', internationalPrefixes: [] });
    expect(site('0119607771234')).toMatchObject({ kind: 'international', country: 'MV' });
  });

  test('without the outside prefix, where that is the beginning of the international one', () => {
    const site = reading({ homeCountry: 'GB', outsidePrefix: '0' });
    expect(site('009607771234')).toMatchObject({ kind: 'international', country: 'MV' });
  });

  test('though it is as short as an extension', () => {
    expect(reading({ extensions: ['XXXXXXXX'] })('00491234').kind).toBe('international');
    expect(reading({ extensions: ['XXXX'] })('0049').kind).toBe('extension');
    expect(britain('00491').kind).toBe('international');
  });

  test.each([
    [
      'a national number of a foreign context',
      '2079460018;phone-context=+49',
      'international',
      'DE',
    ],
    ['an extension of a foreign context', '1001;phone-context=+49', 'international', 'DE'],
    ['an extension of the home context', '1001;phone-context=+44', 'national', 'GB'],
    ['a national number of the home context', '02079460018;phone-context=+44', 'national', 'GB'],
    ['the name of a domain', '1001;phone-context=example.com', 'extension', undefined],
  ])('%s is judged by it', (_what, dialled, kind, country) => {
    expect(britain(dialled)).toMatchObject({ kind, country });
  });

  test('behind a code and the prefix of an outside line it is what it is without the code', () => {
    const austria = reading({ homeCountry: 'AT', outsidePrefix: '9' });
    for (const dialled of ['*31#9 01 233846085', '*67 9 01 233846085', '*21*9 01 233846085#'])
      expect(austria(dialled).kind, dialled).toBe('service');
    expect(austria('9 01 233846085')).toMatchObject({ kind: 'national', class: 'fixed' });
    for (const dialled of ['*31#9 0900 123456', '*31#901 123456', '*67 9 0900 123456'])
      expect(austria(dialled).class, dialled).toBe('premium');
  });

  test('behind the two stars by which FreePBX picks up what rings at 1002', () => {
    expect(britain('**1002').kind).toBe('service');
    expect(britain('**21*009607771234##')).toMatchObject({ kind: 'international', country: 'MV' });
    expect(america('**1 900 555 1234').class).toBe('premium');
  });

  test('a premium number stays one in a foreign context', () => {
    expect(britain('09098790000;phone-context=+49')).toMatchObject({
      class: 'premium',
      country: 'GB',
    });
  });

  test.each([
    ['letters', 'alice'],
    ['an extension with letters', '1001x'],
    ['digits of another script', '٠٠٩٦٠٧٧٧١٢٣٤'],
    ['full-width digits', '００９６０７７７１２３４'],
    ['an escape escaped', '%252B9607771234'],
    ['a plus within', '1470+9607771234'],
    ['a code that no pattern takes', '##21*009607771234##'],
    ['a star within', '0207*9460018'],
    ['more digits than any number has', `00960${'7'.repeat(40)}`],
    ['nothing', ''],
    ['a lone plus', '+'],
    ['only separators', '-.()'],
    ['only parameters', ';phone-context=+44'],
  ])('%s is nothing known', (_what, dialled) => {
    expect(britain(dialled)).toMatchObject({
      kind: 'unknown',
      e164: undefined,
      country: undefined,
    });
  });

  test('digits too many hide neither the country nor the price', () => {
    expect(britain('09098790000123')).toMatchObject({ class: 'premium' });
    expect(britain('+4414819601941')).toMatchObject({ kind: 'international', country: 'GG' });
    expect(britain('+1876555123499')).toMatchObject({ country: 'JM' });
  });
});

describe('a PIN before the number', () => {
  const site = reading({ pinSeparator: '*' });

  test('is set apart, and the number read without it', () => {
    expect(site('4711*009607771234')).toMatchObject({
      pin: '4711',
      digits: '009607771234',
      kind: 'international',
      country: 'MV',
    });
    expect(site('4711*999')).toMatchObject({ pin: '4711', kind: 'emergency' });
    expect(site('4711*')).toMatchObject({ pin: '4711', digits: '', kind: 'unknown' });
    expect(site('*98')).toMatchObject({ pin: undefined, kind: 'service' });
  });
});

describe('whatever is dialled', () => {
  const anything = fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 80 }),
    fc.string({ unit: fc.constantFrom(...'0123456789*#+'), maxLength: 40 }),
    fc
      .tuple(
        fc.constantFrom('', '9', '0', '00', '011', '+', '*67', '1', '141', '%2B', 'tel:'),
        fc.constantFrom('', '00', '011', '+', '1', '0'),
        fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 20 }),
        fc.constantFrom('', ';phone-context=+44', ';phone-context=+1876', ';isub=1', '#'),
      )
      .map((parts) => parts.join('')),
  );
  const plans = [britain, america, germany, nowhere, reading({ pinSeparator: '*' })];

  test('nothing throws, and every answer is bounded', () => {
    fc.assert(
      fc.property(anything, (dialled) => {
        for (const read of plans) {
          const { digits, e164, pin } = read(dialled);
          expect(digits.length).toBeLessThanOrEqual(32);
          expect(pin?.length ?? 0).toBeLessThanOrEqual(32);
          if (e164 !== undefined) expect(e164).toMatch(/^\+[1-9]\d{0,50}$/);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('a number abroad stays abroad, however it is separated and escaped', () => {
    const separators = fc.array(fc.constantFrom('', '-', '.', ' ', '(', ')', '%20'), {
      minLength: 20,
      maxLength: 20,
    });
    const prefix = fc.constantFrom('+', '%2B', '00', '%300');
    fc.assert(
      fc.property(
        prefix,
        fc.integer({ min: 1000000, max: 9999999 }),
        separators,
        (way, number, between) => {
          const digits = `960${number}`.split('').map((digit, at) => digit + between[at]);
          expect(britain(way + digits.join(''))).toMatchObject({
            kind: 'international',
            e164: `+960${number}`,
            country: 'MV',
          });
        },
      ),
    );
  });
});
