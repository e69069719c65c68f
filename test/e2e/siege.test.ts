import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runToEnd } from '../support/background-process.ts';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
const besiege = (...words: readonly string[]) =>
  runToEnd('siege', process.execPath, ['bench/siege/main.ts', ...words], {
    cwd: checkout,
    within: 170_000,
  });

test('the attacks are listed', async () => {
  const listed = await besiege('--list');
  expect(listed).toContain('toll fraud');
  expect(listed.trim().split('\n')).toHaveLength(16);
});

// network namespaces are root's to make
test.runIf(process.getuid?.() === 0)(
  'honest people are served through a siege, a short one (fails when less than 95 % of what they ask for works)',
  async () => {
    const fought = await besiege('--short', '--seconds', '3');
    expect(fought).toMatch(/\| none +\| 100 %/);
    expect(fought).toContain('toll fraud');
  },
  180_000,
);
