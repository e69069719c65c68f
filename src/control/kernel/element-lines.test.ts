import { expect, test } from 'vitest';
import { placeOf } from './block-sets.ts';
import { changeCommands, passCommands } from './element-lines.ts';
import type { Change } from './mirror.ts';

const now = 1_800_000_000_000;
const change = (kind: Change['kind'], network: string, forMs?: number): Change => {
  const place = placeOf('blocked', network);
  if (place === undefined) throw new Error(`${network} is no network`);
  return { ...place, kind, until: forMs === undefined ? undefined : now + forMs };
};

test('what goes together is one command, in the order in which it came', () => {
  const changes = [
    change('add', '192.0.2.1', 1500),
    change('add', '192.0.2.2'),
    change('add', '2001:db8::/64', 86_400_000 * 400 + 2001),
    change('remove', '192.0.2.1'),
  ];
  expect(changeCommands('t', changes, now)).toEqual([
    'add element inet t blocked4_32 { 192.0.2.1 timeout 0d1s500ms, 192.0.2.2 }',
    'add element inet t blocked6_64 { 2001:db8:: timeout 400d2s1ms }',
    'add element inet t blocked4_32 { 192.0.2.1 }',
    'delete element inet t blocked4_32 { 192.0.2.1 }',
  ]);
});

test('a block that lasts longer is taken out and put in: the kernel prolongs none', () => {
  expect(changeCommands('t', [change('replace', '192.0.2.1', 1000)], now)).toEqual([
    'add element inet t blocked4_32 { 192.0.2.1 }',
    'delete element inet t blocked4_32 { 192.0.2.1 }',
    'add element inet t blocked4_32 { 192.0.2.1 timeout 0d1s0ms }',
  ]);
});

test('no command holds more than a thousand', () => {
  const many = Array.from({ length: 2500 }, (_, one) =>
    change('add', `10.0.${one >> 8}.${one & 255}`),
  );
  expect(changeCommands('t', many, now).map((text) => text.split(',').length)).toEqual([
    1000, 1000, 500,
  ]);
});

test('a pass is an address and a port', () => {
  expect(passCommands('t', [{ address: '192.0.2.7', port: 5060, until: now + 1000 }], now)).toEqual(
    [
      'add element inet t passes4 { 192.0.2.7 . 5060 }',
      'delete element inet t passes4 { 192.0.2.7 . 5060 }',
      'add element inet t passes4 { 192.0.2.7 . 5060 timeout 0d1s0ms }',
    ],
  );
});
