import { describe, expect, test } from 'vitest';
import { withSection } from './results-file.ts';

const some = [
  { title: 'REGISTER', text: 'Monday.\n\n| a |' },
  { title: 'Calls', text: 'Monday.' },
];
const file = some.reduce(withSection, '');

describe('a results file', () => {
  test('begins with what it is', () => expect(file).toMatch(/^# Results of the benchmarks\n/));

  test('has the sections in the order in which they came', () =>
    expect(file.match(/^## .*/gm)).toEqual(['## REGISTER', '## Calls']));

  test('takes a section that is measured again in the same place, and keeps the others as they were', () => {
    const again = withSection(file, { title: 'REGISTER', text: 'Tuesday.' });
    expect(again).toBe(file.replace('Monday.\n\n| a |', 'Tuesday.'));
  });

  test('keeps what somebody wrote into another section', () => {
    const annotated = file.replace('| a |', '| a |\n\nThe neighbours were loud.');
    expect(withSection(annotated, { title: 'Calls', text: 'Tuesday.' })).toBe(
      annotated.replace(/## Calls\n\nMonday/, '## Calls\n\nTuesday'),
    );
  });
});
