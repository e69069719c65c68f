/** A file with one thing wrong in it, and the line where that is. */
export interface Mutation {
  readonly what: string;
  readonly text: string;
  readonly line: number;
  /** The key that was changed, when it was one. */
  readonly key?: string;
}

interface KeyLine {
  readonly line: number;
  readonly indent: string;
  readonly key: string;
  /** Behind the colon, without a comment. */
  readonly value: string;
}

/** The lines of a file that have a key, a list's entries included. */
function keyLines(text: string): readonly KeyLine[] {
  return text.split('\n').flatMap((content, index) => {
    const [, indent = '', key, rest = ''] =
      /^( *(?:- )?)([A-Za-z][\w-]*):(?: +(.*))?$/.exec(content) ?? [];
    if (key === undefined) return [];
    return [{ line: index + 1, indent, key, value: rest.replace(/(?:^| +)#.*$/, '') }];
  });
}

function withLine(text: string, line: number, content: string | readonly string[]): string {
  return text
    .split('\n')
    .flatMap((old, index) => (index + 1 === line ? content : old))
    .join('\n');
}

/** Two letters of each key the wrong way round, as fingers do. */
export const misspelt = (text: string): readonly Mutation[] =>
  keyLines(text).map(({ line, indent, key, value }) => {
    const at = [...key].findIndex((char, index) => index > 0 && char !== key[index + 1]);
    const wrong = `${key.slice(0, at)}${key[at + 1] ?? 'x'}${key[at]}${key.slice(at + 2)}`;
    return {
      what: `${key} misspelt`,
      text: withLine(text, line, `${indent}${wrong}: ${value}`),
      line,
      key: wrong,
    };
  });

/** A block, a list of blocks or an odd word where a value belongs; a number out of bounds where there is one. */
export const wrongValues = (text: string): readonly Mutation[] =>
  keyLines(text)
    .filter(({ value }) => value !== '')
    .flatMap(({ line, indent, key, value }) => {
      const wrong = [
        '{ nonsense: 1 }',
        '[{ nonsense: 1 }]',
        '"\\u0000"',
        ...(/^\d+$/.test(value) ? ['-7', '1e15', '"many"', '.nan'] : []),
      ];
      return wrong.map((one) => ({
        what: `${key}: ${one}`,
        text: withLine(text, line, `${indent}${key}: ${one}`),
        line,
        key,
      }));
    });

/** The same key again, right below. */
export const twice = (text: string): readonly Mutation[] =>
  keyLines(text)
    .filter(({ value, indent }) => value !== '' && !indent.endsWith('- '))
    .map(({ line, indent, key, value }) => ({
      what: `${key} twice`,
      text: withLine(text, line, [`${indent}${key}: ${value}`, `${indent}${key}: ${value}`]),
      line: line + 1,
      key,
    }));

/** What editors and fingers do to the start of a line, and to its colon. Some of it changes nothing. */
export const slips = (text: string): readonly Mutation[] =>
  keyLines(text).flatMap(({ line, indent, key, value }) => {
    const slip = (what: string, content: string) => ({
      what: `${key} ${what}`,
      text: withLine(text, line, content),
      line,
    });
    const rest = `${key}: ${value}`;
    return [
      slip('one to the right', ` ${indent}${rest}`),
      slip('behind a tab', `\t${rest}`),
      slip('with another colon', `${indent}${key}:: ${value}`),
      slip('without its colon', `${indent}${key} ${value}`),
      ...(value === '' ? [] : [slip('without a space', `${indent}${key}:${value}`)]),
      ...(indent.length > 0 ? [slip('one to the left', `${indent.slice(1)}${rest}`)] : []),
      ...(value.startsWith('[')
        ? [slip('without its bracket', `${indent}${rest.slice(0, -1)}`)]
        : []),
      ...(value.includes('"')
        ? [slip('without a quote', `${indent}${rest.replace('"', '')}`)]
        : []),
    ];
  });
