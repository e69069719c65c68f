import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatNetwork, type Network, parseNetwork } from './address-key.ts';
import { PrefixTable } from './prefix-table.ts';

function network(text: string): Network {
  const parsed = parseNetwork(text);
  if (parsed === undefined) throw new Error(`${text} is no network`);
  return parsed;
}

function tableOf(...networks: string[]): PrefixTable<string> {
  const table = new PrefixTable<string>();
  for (const text of networks) table.set(network(text), text);
  return table;
}

describe('a table of networks', () => {
  test('an address is found in the narrowest network that it is in', () => {
    const table = tableOf(
      '10.0.0.0/8',
      '10.1.0.0/16',
      '10.1.2.3',
      '2001:db8::/32',
      '2001:db8:1::/64',
    );
    const found = (address: string) => table.match(address);
    expect(found('10.1.2.3')).toBe('10.1.2.3');
    expect(found('10.1.2.4')).toBe('10.1.0.0/16');
    expect(found('10.2.2.4')).toBe('10.0.0.0/8');
    expect(found('11.0.0.0')).toBeUndefined();
    expect(found('2001:db8:1::9')).toBe('2001:db8:1::/64');
    expect(found('2001:db8:1:1::9')).toBe('2001:db8::/32');
    expect(found('2001:db9::')).toBeUndefined();
    expect(found('nobody')).toBeUndefined();
  });

  test('a mapped IPv4 address is the IPv4 one', () => {
    expect(tableOf('192.0.2.0/24').match('::ffff:192.0.2.9')).toBe('192.0.2.0/24');
  });

  test('0.0.0.0/0 has all of IPv4 and nothing of IPv6; 0.0.0.0 is an address like others', () => {
    const table = tableOf('0.0.0.0/0', '0.0.0.0', '::/0');
    expect(table.match('203.0.113.9')).toBe('0.0.0.0/0');
    expect(table.match('0.0.0.0')).toBe('0.0.0.0');
    expect(table.match('2001:db8::1')).toBe('::/0');
  });

  test('what is taken out uncovers what is around it', () => {
    const table = tableOf('10.0.0.0/8', '10.1.2.3');
    table.delete(network('10.1.2.3'));
    table.delete(network('10.1.2.3'));
    expect(table.match('10.1.2.3')).toBe('10.0.0.0/8');
    table.delete(network('10.0.0.0/8'));
    expect(table.match('10.1.2.3')).toBeUndefined();
    expect(table.size).toBe(0);
    expect([...table.values()]).toEqual([]);
  });

  test('one network has one value, however it is written', () => {
    const table = tableOf('192.0.2.0/24');
    table.set(network('192.0.2.9/255.255.255.0'), 'again');
    expect(table.size).toBe(1);
    expect(table.get(network('192.0.2.0/24'))).toBe('again');
  });

  test('agrees with a list that is searched from its narrowest network on', () => {
    const part = fc.integer({ min: 0, max: 3 });
    const v4 = fc
      .tuple(part, part, part, part, fc.integer({ min: 0, max: 32 }))
      .map(([a, b, c, d, bits]) => `${a * 64}.${b}.${c}.${d}/${bits}`);
    const v6 = fc
      .tuple(part, part, part, part, fc.integer({ min: 0, max: 128 }))
      .map(([a, b, c, d, bits]) => `${a * 1000}:${b}:0:${c}::${d}/${bits}`);
    const step = fc.record({ text: fc.oneof(v4, v6), put: fc.integer({ min: 0, max: 2 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const table = new PrefixTable<string>();
        const model = new Map<string, Network>();
        for (const { text, put } of steps) {
          const key = network(text);
          const name = formatNetwork(key);
          if (put > 0) {
            table.set(key, name);
            model.set(name, key);
          } else {
            table.delete(key);
            model.delete(name);
          }
          const [address = ''] = text.split('/');
          expect(table.match(address)).toBe(narrowest(model, address));
          expect(table.size).toBe(model.size);
        }
        expect([...table.values()].sort()).toEqual([...model.keys()].sort());
      }),
    );
  });

  test('a short list is small: every extension may have one of its own', () => {
    const before = process.memoryUsage().arrayBuffers;
    const lists = Array.from({ length: 1000 }, () => tableOf('192.0.2.0/24', '203.0.113.7'));
    expect((process.memoryUsage().arrayBuffers - before) / lists.length).toBeLessThan(2048);
  });

  test('thousands come and go, and every one that should be there is found', () => {
    const table = new PrefixTable<number>();
    const model = new Map<string, number>();
    for (let step = 0; step < 50_000; step++) {
      const number = (step * 7919) % 3001;
      const text = `10.${number & 3}.${number >> 8}.${number & 255}`;
      if (step % 3 === 0) {
        table.delete(network(text));
        model.delete(text);
      } else {
        table.set(network(text), step);
        model.set(text, step);
      }
    }
    expect(table.size).toBe(model.size);
    for (const [text, step] of model) expect(table.match(text)).toBe(step);
  });
});

function narrowest(model: ReadonlyMap<string, Network>, address: string): string | undefined {
  let found: { name: string; bits: number } | undefined;
  for (const [name, { bits }] of model) {
    const around = network(`${address}/${bits <= (address.includes(':') ? 128 : 32) ? bits : 0}`);
    if (formatNetwork(around) === name && bits >= (found?.bits ?? 0)) found = { name, bits };
  }
  return found?.name;
}
