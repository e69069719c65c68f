import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { plain, ValuesText } from './edit-values.ts';

const text = `# a file
a:
  one: null # the first

  many: # several
    - 10.0.0.0/8
    - ::1 # the last

  none: [] # nothing
list: {}
entries:
  - name: x # the x
  - name: y
    other: z

# the end
`;

const changed = (change: (values: ValuesText) => void): string => {
  const values = new ValuesText(text);
  change(values);
  return values.toString();
};

describe('a value that is replaced', () => {
  test('leaves every other byte as it was', () => {
    expect(changed((values) => values.set(['a', 'one'], 'DE'))).toBe(
      text.replace('null # the first', 'DE # the first'),
    );
    expect(changed((values) => values.set(['a', 'none'], ['AT', 'CH']))).toBe(
      text.replace('[] # nothing', '[AT, CH] # nothing'),
    );
  });

  test('is a list in lines where it was one', () => {
    const after = changed((values) => values.set(['a', 'many'], ['192.0.2.0/24', '::1']));
    expect(after).toContain('  many: # several\n    - 192.0.2.0/24\n    - ::1\n\n  none:');
  });

  test('has lines below it, below its line, or behind the last of its list', () => {
    expect(changed((values) => values.setBlock(['list'], ['a: {}', 'b: {}']))).toBe(
      text.replace('list: {}', 'list:\n  a: {}\n  b: {}'),
    );
    expect(changed((values) => values.addBelow(['entries', 0, 'name'], ['other: w']))).toBe(
      text.replace('- name: x # the x', '- name: x # the x\n    other: w'),
    );
    expect(changed((values) => values.addEntry(['entries'], ['- name: w']))).toBe(
      text.replace('    other: z', '    other: z\n  - name: w'),
    );
  });

  test('that is not there is a fault', () => {
    expect(() => changed((values) => values.set(['a', 'two'], 'DE'))).toThrow('there is no a.two');
  });
});

test.each([
  ...['0', '', 'null', 'no', '00 11', "it's", 'a: b', '# a', '+49', '1e3', '"', 'a, b', '- a'],
  ...['[a]', 'Grandstream GXP2170, 1.0', '::1', '*X!', true, 12],
])('%j is read back as it was, by itself and in a list', (value) => {
  expect(parse(`key: ${plain(value)}`)).toEqual({ key: value });
  expect(parse(`key: ${plain([value, value])}`)).toEqual({ key: [value, value] });
});
