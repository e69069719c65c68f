import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import {
  checkExpectation,
  type Expectation,
  expectationSchema,
} from '../policy/asking/expectation.ts';
import { readInstant } from '../policy/asking/instant.ts';
import { Policy } from '../policy/policy.ts';
import { aroundQuestions } from './around-question.ts';
import { explainIssue } from './explain-issue.ts';
import { mismatch, type Problem } from './problem.ts';
import { shown } from './read-folders.ts';
import type { Settings } from './settings.ts';
import { MISSING, readProblem, readYamlFile } from './yaml-file.ts';

const fileSchema = z.strictObject({ tests: z.array(expectationSchema) });

/** A policy test and where it stands. */
export interface PolicyTest {
  readonly expectation: Expectation;
  readonly where: string;
}

export interface PolicyTests {
  readonly tests: readonly PolicyTest[];
  readonly problems: readonly Problem[];
}

/** What `policies/tests/*.yaml` expect of the policy beside them; no such folder is no test. */
export function readPolicyTests(policies: string): PolicyTests {
  const folder = join(policies, 'tests');
  const tests: PolicyTest[] = [];
  const problems: Problem[] = [];
  let names: string[] = [];
  try {
    names = readdirSync(folder).filter((one) => /^[^.].*\.ya?ml$/i.test(one));
  } catch (error) {
    const why = readProblem(error);
    if (why !== MISSING) problems.push({ where: shown(folder), text: why });
  }
  for (const name of names.toSorted()) {
    const path = join(folder, name);
    const yaml = readYamlFile(path, shown(path));
    problems.push(...yaml.problems);
    if (yaml.problems.length > 0) continue;
    const checked = fileSchema.safeParse(yaml.tree);
    if (checked.success)
      for (const [index, expectation] of checked.data.tests.entries())
        tests.push({ expectation, where: yaml.locate(['tests', index]) });
    else
      for (const { path, unknownKey, text } of checked.error.issues.flatMap((issue) =>
        explainIssue(issue, {
          tree: yaml.tree,
          schema: fileSchema,
          asWritten: (path) => yaml.textAt(path),
        }),
      )) {
        const last = path.at(-1);
        const where =
          unknownKey && typeof last === 'string'
            ? yaml.locateKey(path.slice(0, -1), last)
            : yaml.locate(path);
        problems.push({ where, key: path.join('.'), text });
      }
  }
  return { tests, problems };
}

/** Unless a test says when: a Wednesday at noon, so that a test says the same tonight as it did at lunch. */
const USUALLY = '2026-07-01 12:00';

/**
 * The tests that this policy breaks. Exceptions are left out, since they end, and so is `site.rules`, by which all rules
 * are put to shadow or off for a while: a test is about the policy that stands then.
 */
export function policyTestProblems(
  tests: readonly PolicyTest[],
  settings: Settings,
): readonly Problem[] {
  const { site } = settings.policy;
  const policy = new Policy({
    ...settings.policy,
    exceptions: {},
    site: { ...site, rules: 'on' },
  });
  const around = aroundQuestions(settings);
  return tests.flatMap(({ expectation, where }): readonly Problem[] => {
    const { name, at: moment = USUALLY } = expectation;
    const at = readInstant(moment, settings.policy.site.timeZone);
    const key = name === undefined ? 'test' : `test "${name}"`;
    if (at === undefined)
      return [{ where, key, text: mismatch(`"${moment}"`, 'a moment: 2026-11-28 03:00') }];
    const failed = checkExpectation(policy, expectation, around(at));
    return failed === undefined
      ? []
      : [{ where, key, text: mismatch(failed.found, failed.expected) }];
  });
}
