/** Writes the pages of docs/ that the code knows best. A test of each tells when this is due. */
import { writeFileSync } from 'node:fs';
import { metricsPage } from './docs/metrics-page.ts';
import { rulesPage } from './docs/rules-page.ts';
import { settingsPage } from './docs/settings-page.ts';

const pages = {
  'metrics.md': metricsPage,
  'rules.md': rulesPage,
  'settings.md': settingsPage,
} as const;

for (const [name, text] of Object.entries(pages))
  writeFileSync(new URL(`../docs/${name}`, import.meta.url), text());
