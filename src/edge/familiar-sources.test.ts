import { expect, test } from 'vitest';
import { type FamiliarSource, FamiliarSources } from './familiar-sources.ts';
import { sourceOf } from './packed-address.ts';

test('an address is familiar as long as phones are registered from it, and for a while after', () => {
  const sources = new FamiliarSources();
  sources.came('192.0.2.7');
  sources.came('192.0.2.7');
  expect([sources.holds('192.0.2.7'), sources.has('192.0.2.7')]).toEqual([true, true]);
  sources.left('192.0.2.7');
  expect(sources.holds('192.0.2.7')).toBe(true);
  sources.left('192.0.2.7');
  expect(sources.holds('192.0.2.7')).toBe(false);
  expect(sources.has('192.0.2.7')).toBe(true);
  expect(sources.has('192.0.2.8')).toBe(false);
});

test('an IPv6 address is familiar with its /64', () => {
  const sources = new FamiliarSources();
  sources.came('2001:db8::1');
  expect(sources.has(sourceOf('2001:db8::ffff'))).toBe(true);
  expect(sources.has(sourceOf('2001:db8:0:1::1'))).toBe(false);
});

test('whoever listens hears of each that comes or goes, and of none twice', () => {
  const sources = new FamiliarSources();
  const heard: FamiliarSource[] = [];
  sources.changed = (source) => heard.push(source);
  sources.came('192.0.2.7');
  sources.came('192.0.2.7');
  sources.left('192.0.2.7');
  expect(heard).toEqual([{ source: '192.0.2.7', until: undefined }]);
  sources.left('192.0.2.7');
  expect(heard[1]?.until).toBeGreaterThan(Date.now() + 80_000_000);
  expect([...sources.all()]).toEqual([heard[1]]);
  sources.came('192.0.2.7');
  expect([...sources.all()]).toEqual([{ source: '192.0.2.7', until: undefined }]);
});

test('one that is forgotten before its time is told of', () => {
  const sources = new FamiliarSources();
  const forgotten: string[] = [];
  for (let one = 0; one < 65_536; one++) {
    const address = `10.${one >> 16}.${(one >> 8) & 255}.${one & 255}`;
    sources.came(address);
    sources.left(address);
  }
  sources.changed = ({ source, until }) => void (until === 0 && forgotten.push(source));
  sources.came('192.0.2.7');
  sources.left('192.0.2.7');
  expect(forgotten).toEqual(['10.0.0.0']);
});
