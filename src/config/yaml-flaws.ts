import type { ErrorCode, YAMLError } from 'yaml';
import { mismatch } from './problem.ts';

/** What is wrong at an offset of the text. */
export interface Flaw {
  readonly offset: number;
  readonly text: string;
}

/** What the parser finds wrong with a text, in words for whoever wrote it. */
export function syntaxFlaws(text: string, errors: readonly YAMLError[]): readonly Flaw[] {
  const merge = /^(?:<{7}|={7}|>{7})(?: |$)/m.exec(text);
  if (errors.length > 0 && merge !== null)
    return [
      {
        offset: merge.index,
        text: notYaml(mismatch('what a merge has left', 'one of the two versions, without marks')),
      },
    ];
  return together(
    text,
    errors.map((error) => ({ offset: error.pos[0], text: explained(text, error) })),
  );
}

/** One slip makes the parser stumble again and again: the first place is shown, the other lines are counted up. */
function together(text: string, flaws: readonly Flaw[]): readonly Flaw[] {
  const lineOf = ({ offset }: Flaw): number => text.slice(0, offset).split('\n').length;
  const lines = new Map<number, Flaw>();
  for (const flaw of flaws) if (!lines.has(lineOf(flaw))) lines.set(lineOf(flaw), flaw);
  const byText = Map.groupBy(lines.entries(), ([, flaw]) => flaw.text);
  return [...byText.values()].flatMap(([first, ...others]): readonly Flaw[] => {
    if (first === undefined) return [];
    const [, { offset, text: said }] = first;
    if (others.length === 0) return [{ offset, text: said }];
    const more = others.slice(0, 5).map(([line]) => line);
    const rest = others.length > 5 ? ', …' : '';
    return [
      { offset, text: `${said} (so line${more.length > 1 ? 's' : ''} ${more.join(', ')}${rest})` },
    ];
  });
}

const notYaml = (text: string): string => `not YAML: ${text}`;

function explained(text: string, { code, message, pos }: YAMLError): string {
  if (code === 'MULTIPLE_DOCS') return mismatch('a second document after ---', 'one');
  if (/^Missing closing ["']/.test(message))
    return notYaml('a text that began with a quote has no closing one');
  if (/must be sufficiently indented and end with a ]/.test(message))
    return notYaml(mismatch('a list that no ] has closed before', '[…] closed, or further in'));
  if (/must be sufficiently indented and end with a }/.test(message))
    return notYaml(mismatch('a block that no } has closed before', '{…} closed, or further in'));
  if (/[\u00a0\u2000-\u200b\u202f\u3000]/.test(lineAt(text, pos[0])))
    return notYaml(mismatch('a blank that only looks like a space', 'spaces'));
  if (keyCodes.has(code) && /^ *(?:- +)*[\w.+-]+:[^\s:]/.test(lineAt(text, pos[0])))
    return notYaml(mismatch('no space behind a colon', 'key: value'));
  const known = byCode[code];
  return notYaml(known ?? firstSentence(message));
}

/** What a value without a key is called, depending on what stands around it. */
const keyCodes: ReadonlySet<ErrorCode> = new Set([
  'MISSING_CHAR',
  'MULTILINE_IMPLICIT_KEY',
  'BLOCK_AS_IMPLICIT_KEY',
]);

const byCode: Partial<Readonly<Record<ErrorCode, string>>> = {
  TAB_AS_INDENT: mismatch('a tab before a key', 'spaces'),
  BAD_INDENT: mismatch('another indentation than of what is around', 'as many spaces as there'),
  MISSING_CHAR: mismatch('no colon with a space behind it', 'key: value'),
  MULTILINE_IMPLICIT_KEY: mismatch('no colon with a space behind it', 'key: value'),
  BLOCK_AS_IMPLICIT_KEY: mismatch(
    'a key behind a value, or further in than it',
    'each key on a line of its own, as far in as its neighbours',
  ),
  UNEXPECTED_TOKEN: mismatch('more behind a value', 'the end of the line, or all of it in quotes'),
  BAD_SCALAR_START: mismatch('a value that begins with a character of YAML itself', 'it in quotes'),
  NON_STRING_KEY: mismatch('a list or a block for a key', 'a text'),
};

function lineAt(text: string, offset: number): string {
  const end = text.indexOf('\n', offset);
  return text.slice(text.lastIndexOf('\n', offset - 1) + 1, end < 0 ? text.length : end);
}

/** Without what the parser quotes: that could be a secret in the wrong place. */
function firstSentence(message: string): string {
  const [sentence = ''] = message.split('\n');
  return sentence.replace(/:? *["'`].*$/s, '');
}
