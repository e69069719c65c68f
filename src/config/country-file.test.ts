import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { policySchema } from '../policy/policy-settings.ts';
import { countryFileProblem } from './country-file.ts';

const problem = (network: object) => countryFileProblem(policySchema.parse({ network }));

test('a country database is looked at before anybody relies on it', () => {
  expect(problem({})).toBeUndefined();
  expect(problem({ 'source-countries': { mode: 'on', countries: ['DE'] } })).toBeUndefined();
  expect(problem({ countryDatabase: '/nowhere/countries.mmdb' })).toMatch(
    /^"\/nowhere\/countries.mmdb" /,
  );
  using folder = mkdtempDisposableSync(join(tmpdir(), 'no-countries-'));
  const file = join(folder.path, 'countries.mmdb');
  writeFileSync(file, 'something else');
  expect(problem({ countryDatabase: file })).toContain('expected a .mmdb file with countries');
});
