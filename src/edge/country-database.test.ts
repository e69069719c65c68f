import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openCountryDatabase } from './country-database.ts';

describe('the data that comes along', () => {
  const countryOf = openCountryDatabase(null);
  test.each([
    ['193.99.144.80', 'DE'],
    ['2a00:1450:4001:80b::200e', 'DE'],
    ['8.8.8.8', 'US'],
  ])('%s is in %s', (address, country) => {
    expect(countryOf(address)).toBe(country);
    expect(countryOf(address)).toBe(country);
  });
  test.each(['127.0.0.1', '10.1.2.3', '::1', 'not an address'])('%s is in none', (address) => {
    expect(countryOf(address)).toBeUndefined();
  });
  test('takes no more memory than countries need', () => {
    const module = new URL('country-database.ts', import.meta.url).href;
    // in a process of its own: here other tests have memory too
    const script = `const { openCountryDatabase } = await import('${module}');
      openCountryDatabase(null)('8.8.8.8');
      console.log(process.memoryUsage().arrayBuffers);`;
    const args = ['--input-type=module', '--eval', script];
    const bytes = Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
    expect(bytes).toBeGreaterThan(1e6);
    expect(bytes).toBeLessThan(40e6);
  });
});

describe('an operator’s own file', () => {
  test('that is missing, or is something else, is said at once', () => {
    expect(() => openCountryDatabase('/nowhere/countries.mmdb')).toThrow(/ENOENT/);
    const file = join(tmpdir(), `no-database-${process.pid}.mmdb`);
    writeFileSync(file, 'something else');
    expect(() => openCountryDatabase(file)).toThrow();
  });
});
