import { globSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string): string => readFileSync(`${root}${file}`, 'utf8');

/** By these ids rules, settings, events and tests name what the gate is to do. */
const ofRules =
  'N1 N2 N3 N4 N5 N6 N7 N8 N9 R1 R2 R3 R4 R5 R6 R7 R8 R9 R11 R13 ' +
  'O1 O2 O3 O4 O5 O6 O7 O8 O9 O11 O12 O13 I1 I2 I3 I4 E1 X1 X2 X3 X4 X5';
const ofSignalling = 'S1 S2 S3 S4 S5 X6 X7 X9';
const all = `${ofRules} ${ofSignalling}`.split(' ');

/** Those that stand in brackets in the name of a test of these files, or in the words that go into one. */
function namedIn(files: string): ReadonlySet<string> {
  const words = globSync(`${root}${files}`).flatMap((file) =>
    (readFileSync(file, 'utf8').match(/(['"`])(?:(?!\1)[^\n])*\1/g) ?? []).flatMap(
      (text) => text.match(/\([A-Z]\d+(?:, [A-Z]\d+)*\)/g) ?? [],
    ),
  );
  return new Set(words.flatMap((text) => text.match(/[A-Z]\d+/g) ?? []));
}

const missingIn = (files: string): readonly string[] => {
  const named = namedIn(files);
  return all.filter((id) => !named.has(id));
};

test('each requirement has a test beside the code that names it', () => {
  expect(missingIn('{src,test/edge}/**/*.test.ts')).toEqual([]);
});

test('and one of the real process', () => {
  expect(missingIn('test/e2e/**/*.test.ts')).toEqual([]);
});

test('each requirement of a rule is one that scenarios can be played for by hand, or it is said what shows it', () => {
  const said = read('sipp-scenarios/README.md');
  const others = ['E1', 'X2', 'X3', 'X4', 'X5'];
  const missing = ofRules.split(' ').filter((id) => !new RegExp(`\\b${id}\\b`).test(said));
  expect(missing.filter((id) => !others.includes(id))).toEqual([]);
});

test('the table of attacks names each scenario, and no other', () => {
  const [, attacks = ''] = read('sipp-scenarios/README.md').split('## attack');
  const named = [...attacks.matchAll(/^\| `([a-z-]+)`/gm)].map(([, name]) => name);
  const there = readdirSync(`${root}sipp-scenarios/attack`)
    .map((file) => file.replace('.xml', ''))
    .filter((name) => !name.endsWith('-pbx'));
  expect([...new Set(named)].toSorted()).toEqual(there.toSorted());
});
