import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EntriesText } from './edit-entries.ts';
import { shippedFolders } from './settings-files.ts';
import { readYaml } from './yaml-file.ts';

const shipped = readFileSync(join(shippedFolders.policies, 'exceptions.yaml'), 'utf8');
const fair = { rule: 'allowed-countries', extension: '0100', until: '2026-12-01', why: 'a # fair' };

function changed(text: string, change: (exceptions: EntriesText) => void): string {
  const exceptions = EntriesText.read(text, 'exceptions');
  if (exceptions === undefined) throw new Error('cannot be read');
  change(exceptions);
  return exceptions.toString();
}

describe('the file of exceptions', () => {
  test('takes one up as it ships, and gives it back as it was', () => {
    const added = changed(shipped, (text) => text.add('trade fair: x', fair));
    expect(readYaml('x', added).tree).toEqual({ exceptions: { 'trade fair: x': fair } });
    expect(added.startsWith(shipped.replace('exceptions: {}\n', ''))).toBe(true);
    expect(changed(added, (text) => text.remove('trade fair: x'))).toBe(shipped);
  });
  test('keeps comments and order', () => {
    const text =
      '# all\n\nexceptions:\n  # one\n  b: { until: x } # b\n\n  # two\n  a:\n    why: y\n';
    const added = changed(text, (exceptions) => {
      exceptions.add('c', fair);
      exceptions.set('b', 'until', 'z');
    });
    expect(added.startsWith(text.replace('until: x', 'until: z'))).toBe(true);
  });
  test.each(['', '# nothing yet\n', 'exceptions:\n'])('%j takes one up', (text) => {
    expect(
      readYaml(
        'x',
        changed(text, (empty) => empty.add('a', fair)),
      ).tree,
    ).toEqual({
      exceptions: { a: fair },
    });
  });
  test.each(['exceptions: [', 'exceptions: []', '- a'])('%j is not changed', (text) => {
    expect(EntriesText.read(text, 'exceptions')).toBeUndefined();
  });
});
