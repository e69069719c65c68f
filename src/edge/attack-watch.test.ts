import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { aCall, aNumber, aSource } from '../../test/support/some-facts.ts';
import { policySchema } from '../policy/policy-settings.ts';
import { type Attack, AttackWatch } from './attack-watch.ts';
import { Guesses } from './guesses.ts';

const AT = Date.UTC(2026, 6, 1, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const address = (number: number): string => `198.18.${number >> 8}.${number & 255}`;

/** A watch, and what it tells. How many sources there are is estimated: of eight, one in twenty times seven are seen. */
function watching(registration: z.input<typeof policySchema>['registration'] = {}) {
  const guesses = new Guesses();
  const told: string[] = [];
  const attacks: Attack[] = [];
  const watch = new AttackWatch(policySchema.parse({ registration }), guesses, {
    attackBegan(attack) {
      attacks.push(attack);
      told.push(`${attack.kind} ${attack.whom}`.trimEnd());
    },
    attackEnded: ({ kind, members, tries }) => told.push(`over: ${kind}, ${members} in ${tries}`),
    guardChanged: ({ kind, guard }) => told.push(`${kind} ${guard.extension}`),
  });
  /** As `noteFailure` does. */
  const fail = (extension: string, source: string, at: number): void => {
    guesses.failed(extension, source, 'password-wrong', at);
    watch.failed(extension, source, at);
  };
  return { watch, told, attacks, fail };
}

describe('many sources at one extension', () => {
  test('are one attack, told of once and with its evidence, and guard the extension', () => {
    const { told, attacks, fail, watch } = watching();
    for (let source = 0; source < 30; source++)
      for (let tries = 0; tries < 3; tries++) fail('1001', address(source), AT + source * 1000);
    expect(told).toEqual(['many-sources 1001', 'raised 1001']);
    expect(attacks).toMatchObject([{ rule: 'distributed-guessing', seconds: 600, tries: 90 }]);
    expect(Math.abs((attacks[0]?.members ?? 0) - 30)).toBeLessThanOrEqual(3);
    expect(watch.guards.of('1001', AT + MINUTE)?.evidence).toMatch(/^8 sources failed, 2\d tries$/);
    expect(watch.begun).toEqual({ 'many-sources': 1 });
  });

  test('a thousand that try ten times each are seen within 100 tries', () => {
    const { told, fail } = watching();
    for (let tries = 0; tries < 100; tries++) fail('1001', address(Math.floor(tries / 10)), AT);
    expect(told).toContain('raised 1001');
  });

  test('that come one by one are seen over an hour, and over a day', () => {
    const { told, attacks, fail, watch } = watching();
    for (let source = 0; source < 19; source++)
      fail('1001', address(source), AT + source * 3 * MINUTE);
    for (let source = 0; source < 24; source++)
      fail('1002', address(source), AT + source * 50 * MINUTE);
    expect(attacks.map(({ whom, seconds }) => [whom, seconds])).toEqual([
      ['1001', 3600],
      ['1002', 86_400],
    ]);
    expect(told).toContain('raised 1002');
    expect(watch.guards.size).toBe(2);
  });

  test('seven of them are none', () => {
    const { told, fail } = watching();
    for (let source = 0; source < 7; source++) fail('1001', address(source), AT);
    for (let tries = 0; tries < 500; tries++) fail('1001', address(0), AT);
    expect(told).toEqual([]);
  });

  test('hold the guard up while they go on, whom it keeps out included; then it ends, and the attack is over', () => {
    const { told, fail, watch } = watching();
    for (let source = 0; source < 10; source++) fail('1001', address(source), AT);
    for (let minute = 1; minute <= 120; minute++)
      watch.keptOut('1001', address(100 + minute), AT + minute * MINUTE);
    const last = AT + 120 * MINUTE;
    expect(watch.guards.of('1001', last + HOUR - MINUTE)).toBeDefined();
    watch.sweep(last + HOUR - 2 * MINUTE);
    expect(told.at(-1)).toBe('held 1001');
    watch.sweep(last + HOUR);
    expect(told.slice(-2)).toEqual([
      'ended 1001',
      expect.stringMatching(/^over: many-sources, \d+ in 1[23]\d$/),
    ]);
  });

  /** Each of them tries that often, for a day; gives the share of it for which the extension was guarded. */
  const guardedFor = (sources: number, everyMinutes: number, days = 1): number => {
    const { fail, watch } = watching();
    let guarded = 0;
    for (let minute = 0; minute < days * 1440; minute++) {
      const at = AT + minute * MINUTE;
      watch.sweep(at);
      if (watch.guards.of('1001', at) !== undefined) guarded++;
      if (minute % everyMinutes !== 0) continue;
      for (let source = 0; source < sources; source++)
        if (watch.guards.of('1001', at) === undefined) fail('1001', address(source), at);
        else watch.keptOut('1001', address(source), at);
    }
    return guarded / (days * 1440);
  };

  test.each([
    [9, 5],
    [9, 60],
    [12, 1],
  ])(
    '%i that come every %i minutes cannot hold a guard: those who come again are no others',
    (sources, minutes) => {
      expect(guardedFor(sources, minutes)).toBeLessThan(0.1);
    },
  );

  test.each([
    [40, 10],
    [300, 30],
  ])('%i that go on every %i minutes do, also on the next day', (sources, minutes) => {
    expect(guardedFor(sources, minutes, 2)).toBeGreaterThan(0.95);
  });

  test('are one where they are of one /48, which is given to whoever asks', () => {
    const { told, fail } = watching();
    for (let source = 0; source < 500; source++)
      fail('1001', `20010db80001${String(source).padStart(4, '0')}`, AT);
    expect(told.filter((one) => one !== 'everywhere')).toEqual([]);
    for (let network = 0; network < 10; network++)
      fail('1002', `20010db8${String(network).padStart(4, '0')}0000`, AT);
    expect(told).toContain('raised 1002');
  });

  test.each([
    ['none', '', false],
    ['that of a PBX at its longest', 'x'.repeat(255), true],
    ['longer than any', 'x'.repeat(256), false],
  ])('guard no name that nobody could lift the guard of: %s', (_what, name, guarded) => {
    const { fail, watch } = watching();
    for (let source = 0; source < 30; source++) fail(name, address(source), AT);
    expect(watch.guards.of(name, AT) !== undefined).toBe(guarded);
  });

  test('after the guard was lifted it takes as many again', () => {
    const { told, fail, watch } = watching();
    for (let source = 0; source < 10; source++) fail('1001', address(source), AT);
    watch.guards.lift('1001');
    watch.forgive('1001');
    for (let source = 20; source < 27; source++) fail('1001', address(source), AT);
    expect(told).toEqual(['many-sources 1001', 'raised 1001', 'lifted 1001']);
    for (let source = 27; source < 30; source++) fail('1001', address(source), AT);
    expect(told.slice(3)).toEqual(['many-sources 1001', 'raised 1001']);
  });

  test('are not looked at where the rule is off', () => {
    const { told, fail } = watching({ 'distributed-guessing': { mode: 'off' } });
    for (let source = 0; source < 100; source++) fail('1001', address(source), AT);
    expect(told).toEqual([]);
  });
});

test('one source at many extensions is one attack', () => {
  const { told, fail } = watching();
  for (let extension = 1000; extension < 1020; extension++) fail(String(extension), address(1), AT);
  expect(told).toEqual(['many-extensions 198.18.0.1']);
});

describe('a /48 of IPv6 at many extensions', () => {
  const inNetwork = (number: number): string => `20010db80001${String(number).padStart(4, '0')}`;

  test('is one attack where each extension is tried from another /64, at three times as many', () => {
    const { told, attacks, fail } = watching();
    for (let one = 0; one < 15; one++) fail(String(1000 + one), inNetwork(one), AT);
    expect(told).toEqual([]);
    for (let one = 15; one < 40; one++) fail(String(1000 + one), inNetwork(one), AT);
    expect(told).toEqual(['many-extensions 20010db80001']);
    expect(attacks[0]?.rule).toBe('spread-guessing');
  });

  test('is none for what a single /64 of it does, be it for a day', () => {
    const { told, fail } = watching();
    for (let one = 0; one < 200; one++)
      fail(String(1000 + one), inNetwork(1), AT + one * 7 * MINUTE);
    expect(told).toEqual([`many-extensions ${inNetwork(1)}`]);
  });
});

test('one try from each of many sources, each at another extension, is seen where no extension shows it', () => {
  const { told, fail } = watching();
  for (let one = 0; one < 100; one++) fail(String(1000 + one), address(one), AT + one * 1000);
  expect(told).toEqual(['everywhere']);
});

describe('a number behind many prefixes', () => {
  const dials = (watch: AttackWatch, digits: string, source: string, at: number, e164?: string) =>
    watch.calls(
      aCall({
        ...{ at, source: aSource({ address: source }) },
        dialled: aNumber({ kind: 'unknown', digits, e164 }),
      }),
    );
  const prefixes = ['00', '900', '0011', '+', '810', '0000'];

  test.each([
    ['one source', () => address(1)],
    ['many sources', address],
  ])('by %s is one attack', (_who, source) => {
    const { told, attacks, watch } = watching();
    for (const [at, prefix] of prefixes.entries())
      for (let again = 0; again < 5; again++)
        dials(watch, `${prefix}442079460123`, source(at), AT + at * MINUTE);
    expect(told).toEqual(['rotating-prefixes 79460123']);
    expect(attacks[0]).toMatchObject({ rule: 'rotating-prefixes', tries: 30 });
    expect(attacks[0]?.members).toBeGreaterThanOrEqual(5);
    expect(attacks[0]?.sources).toBeGreaterThanOrEqual(source === address ? 5 : 1);
  });

  test('is none where the dial plan reads them as one, however often it is called', () => {
    const { told, watch } = watching();
    for (let call = 0; call < 200; call++)
      dials(watch, `${prefixes[call % 6]}442079460123`, address(call), AT, '+442079460123');
    expect(told).toEqual([]);
  });

  test('fills no memory, and takes nothing from what is known of failures', () => {
    const { told, fail, watch } = watching();
    for (let source = 0; source < 7; source++) fail('1001', address(source), AT);
    for (let call = 0; call < 20_000; call++)
      dials(watch, `00${String(call * 7919).padStart(12, '0')}`, address(call), AT + call);
    for (let source = 7; source < 10; source++) fail('1001', address(source), AT + MINUTE);
    expect(told).toContain('many-sources 1001');
  });
});

test('a reload changes what is an attack', () => {
  const { told, fail, watch } = watching();
  watch.reload(policySchema.parse({ registration: { 'distributed-guessing': { tenMinutes: 2 } } }));
  for (let source = 0; source < 4; source++) fail('1001', address(source), AT);
  expect(told).toEqual(['many-sources 1001', 'raised 1001']);
});

test('whoever has addresses enough fills no memory, and is not told of without end', () => {
  const { told, fail, watch } = watching({ 'distributed-guessing': { tenMinutes: 2 } });
  for (let extension = 0; extension < 3000; extension++)
    for (let source = 0; source < 2; source++) fail(`x${extension}`, address(source), AT);
  expect(told.filter((one) => one.startsWith('many-sources')).length).toBeLessThanOrEqual(1000);
  expect(watch.guards.size).toBeLessThanOrEqual(1024);
});
