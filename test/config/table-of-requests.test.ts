import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { aroundQuestions } from '../../src/config/around-question.ts';
import { loadSettings } from '../../src/config/load.ts';
import { ask } from '../../src/policy/asking/ask.ts';
import { momentOf } from '../../src/policy/asking/question.ts';
import { Policy } from '../../src/policy/policy.ts';
import { rulesOf, stages } from '../../src/policy/registry.ts';
import { writePolicy } from '../table/policies.ts';
import { type Row, table } from '../table/rows.ts';

const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true });
});

/** What every rule says of every row. */
function answersTo(policy: Row['policy']) {
  const rows = table.filter((row) => row.policy === policy);
  const { root, flags } = writePolicy(policy, rows, '127.0.0.1');
  roots.push(root);
  const folders = { policies: join(root, 'policies'), routes: join(root, 'routes') };
  const set = flags.filter((_, at) => flags[at - 1] === '--set');
  const loaded = loadSettings({ ...folders, set }, {}, true);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const judged = new Policy(loaded.settings.policy);
  const around = aroundQuestions(loaded.settings);
  return rows.map(({ ask: question }) =>
    ask(judged, question, around(momentOf(question, 'UTC', Date.now()) ?? 0)),
  );
}

const answers = [...answersTo('many-rules'), ...answersTo('closed')];

describe('the table of requests', () => {
  test('has at least eighty rows, each by another name', () => {
    expect(table.length).toBeGreaterThanOrEqual(80);
    const names = table.map(({ name, policy }) => `${policy} ${name}`);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  const rules = stages.flatMap((stage) => rulesOf[stage].map(({ name }) => name));
  /** What it is not asked about passes: a list that stands before it decides who that is. */
  const neverPasses = ['drop-all'];
  /** One changes what the PBX's answers say, the other ends calls that were let through. */
  const neverRefuse = ['no-enumeration', 'call-duration'];
  /** They look at what everybody sends together: test/e2e/under-load.test.ts has the real thing. */
  const ofEverybody = ['strangers-share', 'overload', 'pbx-pace'];

  test.each(rules)('meets %s with what it refuses, and with what it lets through', (rule) => {
    const passed = answers.some(
      ({ verdict, trail }) =>
        verdict.kind === 'pass' &&
        trail.some((step) => step.rule === rule && ['pass', 'adjust'].includes(step.verdict.kind)),
    );
    expect(passed).toBe(!neverPasses.includes(rule));
    if (![...neverRefuse, ...ofEverybody].includes(rule))
      expect(answers.map((answer) => answer.rule)).toContain(rule);
  });
});
