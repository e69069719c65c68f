import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { metricsPage } from './metrics-page.ts';
import { rulesPage } from './rules-page.ts';
import { settingsPage } from './settings-page.ts';

describe.each([
  ['metrics.md', metricsPage],
  ['rules.md', rulesPage],
  ['settings.md', settingsPage],
])('docs/%s', (name, page) => {
  test('says what the code says', () => {
    // When it does not: node scripts/write-docs.ts
    expect(readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')).toBe(page());
  });
});
