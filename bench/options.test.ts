import { describe, expect, test } from 'vitest';
import { parseOptions } from './options.ts';

const accepted = (...argv: readonly string[]) => {
  const asked = parseOptions(argv);
  if (asked.kind !== 'run') throw new Error(`refused: ${JSON.stringify(asked)}`);
  return asked.options;
};

describe('bench options', () => {
  test('without any, the gate alone is measured, five times, and no file is written', () => {
    expect(accepted()).toMatchObject({
      only: ['register', 'call', 'in-dialog', 'overload', 'tls', 'held'],
      beside: [],
      repeats: 5,
      results: undefined,
    });
  });

  test('beside kamailio, the figures go into a file', () => {
    expect(accepted('--beside', 'kamailio').results).toBe('bench/RESULTS.md');
    expect(accepted('--beside', 'kamailio', '--results', 'x.md').results).toBe('x.md');
  });

  test('several can be beside it', () => {
    expect(accepted('--beside', 'kamailio,adapter').beside).toEqual(['kamailio', 'adapter']);
  });

  test('a drachtio-server is found by name, or named', () => {
    expect(accepted('--beside', 'drachtio-server').drachtioProgram).toBe('drachtio');
    expect(accepted('--drachtio-program', '/opt/drachtio').drachtioProgram).toBe('/opt/drachtio');
  });

  test('a list of measures is taken in its order', () => {
    expect(accepted('--only', 'tls,register').only).toEqual(['tls', 'register']);
  });

  test('help wins', () => expect(parseOptions(['--help', '--seconds', 'x']).kind).toBe('help'));

  test.each([
    [
      ['--beside', 'opensips'],
      'not one of kamailio, adapter, drachtio-server, rules-off, large-policy',
    ],
    [['--only', 'register,cals'], 'cals'],
    [['--seconds', 'ten'], '--seconds ten'],
    [['--seconds', ''], '--seconds'],
    [['--seconds=-1'], '--seconds -1'],
    [['--repeats', '0'], '--repeats 0'],
    [['--nonsense'], '--nonsense'],
    [['stray'], 'stray'],
  ])('%j is refused, and says why', (argv, why) => {
    const asked = parseOptions(argv);
    expect(asked).toMatchObject({ kind: 'refused', problem: expect.stringContaining(why) });
  });
});
