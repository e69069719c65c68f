import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadSettings } from './load.ts';
import { shippedFolders } from './settings-files.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'policies-'));
  cpSync(shippedFolders.policies, folder, { recursive: true });
  rmSync(join(folder, 'tests'), { recursive: true, force: true });
  mkdirSync(join(folder, 'tests'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const load = (set: readonly string[] = []) => loadSettings({ policies: folder, set }, {}, true);
const write = (text: string) => writeFileSync(join(folder, 'tests', 'ours.yaml'), text);
function problems(set?: readonly string[]): readonly string[] {
  const loaded = load(set);
  return loaded.ok
    ? []
    : loaded.problems.map(({ where, key, text }) => `${where.replace(folder, '')} ${key}: ${text}`);
}

const abroad = `tests:
  - name: nobody calls Austria
    invite: "0043123456789"
    as: "1001"
    expect: country-not-allowed
`;

describe('a policy test (X3)', () => {
  test('that holds is no problem', () => {
    write(abroad);
    expect(load().ok).toBe(true);
  });
  test('that is broken refuses the settings, by its place and name', () => {
    write(abroad);
    expect(problems(['outbound.allowed-countries.countries=[AT]'])).toEqual([
      expect.stringMatching(
        /^\/tests\/ours\.yaml:2:5 test "nobody calls Austria": found .*, expected country-not-allowed$/,
      ),
    ]);
  });
  test('can expect what a rule in shadow says', () => {
    write(
      abroad.replace(
        'expect: country-not-allowed',
        'expect: pass\n    shadow: [allowed-countries]',
      ),
    );
    expect(problems(['outbound.allowed-countries.mode=shadow'])).toEqual([]);
  });
  test('is not changed by site.rules, which puts all rules to shadow or off for a while', () => {
    write(abroad);
    expect(problems(['site.rules=off'])).toEqual([]);
  });
  test('is not changed by an exception, which ends', () => {
    write(abroad);
    writeFileSync(
      join(folder, 'exceptions.yaml'),
      'exceptions:\n  trip: { rule: allowed-countries, extension: "1001", until: 2099-01-01, why: x }\n',
    );
    expect(load().ok).toBe(true);
  });
  test.each([
    [
      'a number that should be a text',
      '    as: 1001',
      /found 1001, expected a text \(did you mean "1001", in quotes/,
    ],
    [
      'a reason that is none',
      '    expect: country',
      /tests\.0\.expect: found "country", expected one of pass, /,
    ],
    ['an unknown key', '    dial: x', /tests\.0\.dial: found an unknown key/],
    ['a moment that is none', '    at: noon', /found "noon", expected a moment/],
  ])('with %s is said with its place', (_what, line, says) => {
    const key = line.split(':')[0];
    const kept = abroad.split('\n').filter((one) => !one.startsWith(`${key}:`));
    write(`${kept.join('\n').trimEnd()}\n${line}\n`);
    expect(problems()).toContainEqual(expect.stringMatching(says));
  });
});

describe('the tests that ship', () => {
  const shipped = readFileSync(join(shippedFolders.policies, 'tests', 'essentials.yaml'), 'utf8');

  test('hold for the policy that ships, those too that are for the operator to take up', () => {
    const all = shipped.replaceAll(/^#(?= {2})/gm, '');
    expect(all.match(/- name/g)).toHaveLength(13);
    write(all);
    expect(problems()).toEqual([]);
  });
  test('hold whatever is switched off, as they come', () => {
    write(shipped);
    expect(problems(['network.drop-all.mode=on', 'extensions.unlisted=refuse'])).toEqual([]);
  });
});
