import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { reasons } from '../policy/reasons.ts';

test('the README has every reason for which the gate refuses, in the order of the code and in its words', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, section = ''] = readme.split(/^## Reasons$/m);
  const [table = ''] = section.split(/^## /m);
  const rows = [...table.matchAll(/^\| `([a-z-]+)` +\| (.*?) +\|$/gm)].map(([, reason, says]) => [
    reason,
    says,
  ]);
  expect(rows).toEqual(Object.entries(reasons));
});
