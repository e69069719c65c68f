import { describe, expect, test } from 'vitest';
import { loadSettings } from './load.ts';
import { showProblem } from './problem.ts';

// biome-ignore lint/suspicious/noTemplateCurlyInString: the form the operator writes.
const KEY = '${APIBAN_KEY}';
const URL_WITH_KEY = 'https://apiban.org/api/{key}/banned';

function load(list: object, environment: Readonly<Record<string, string>> = {}) {
  const set = [`lists.a=${JSON.stringify(list)}`];
  const loaded = loadSettings({ set }, environment, true);
  return loaded.ok
    ? { problems: [], lists: loaded.settings.lists, notices: loaded.notices }
    : { problems: loaded.problems.map(showProblem), lists: [], notices: [] };
}

test('what is left out has its default', () => {
  const url = 'https://example.com/list.txt';
  expect(load({ url }).lists).toEqual([
    {
      ...{ name: 'a', from: { url }, format: 'lines', mode: 'block', phones: 'serve', except: [] },
      ...{ everySeconds: 3600, timeoutSeconds: 20, mostMegabytes: 16, mostEntries: 200_000 },
      dropAfterDays: 7,
    },
  ]);
});

test('the key comes from the environment', () => {
  const environment = { APIBAN_KEY: 'abc-123' };
  const { lists } = load({ url: URL_WITH_KEY, key: KEY, format: 'apiban' }, environment);
  expect(lists).toMatchObject([{ from: { url: URL_WITH_KEY }, key: 'abc-123' }]);
});

test('a file that is not there is worth a word', () => {
  const { problems, notices } = load({ file: '/nowhere/list.txt' });
  expect(problems).toEqual([]);
  expect(notices).toContainEqual(
    'the list a: /nowhere/list.txt cannot be read; it names nobody until it can',
  );
});

describe('refused', () => {
  const form = 'an https:// URL, {key} in it where a key goes';
  test.each([
    [
      'neither file nor url',
      {},
      'lists.a: found an empty block, expected a file or a url, one of the two',
    ],
    [
      'both',
      { file: 'x', url: 'https://x' },
      /^--set lists\.a: .*a file or a url, one of the two$/,
    ],
    [
      'a URL that anybody on the way can answer',
      { url: 'http://example.com/list' },
      `lists.a.url: found http://example.com/…, expected ${form}: over http:// anybody on the way decides who is blocked (did you mean https://example.com/…?)`,
    ],
    [
      'the same at a name that begins like an address of this machine',
      { url: 'http://127.example.org/list' },
      /over http:\/\/ anybody on the way decides who is blocked/,
    ],
    ['a path for a URL', { url: '/etc/list' }, `lists.a.url: found (not shown), expected ${form}`],
    [
      'a password in the URL',
      { url: 'https://me:secret@example.com/' },
      /^--set lists\.a\.url: .*no user and password in it$/,
    ],
    [
      'a place for a key, and no key',
      { url: URL_WITH_KEY },
      'lists.a.url: found {key}, and no key, expected a key with it',
    ],
    [
      'a key without a place',
      { url: 'https://example.com', key: KEY },
      'lists.a.key: found a key, expected {key} in the url, where it goes',
    ],
    [
      'a key that is nowhere',
      { url: URL_WITH_KEY, key: KEY },
      'lists.a.key: found no variable APIBAN_KEY, expected 4 to 256 letters, digits or . _ ~ + = -',
    ],
    [
      'a feed of a file',
      { file: 'x', format: 'apiban' },
      'lists.a.format: found apiban of a file, expected lines, or a url',
    ],
    ['a misspelt mode', { file: 'x', mode: 'blokc' }, /mode: .*did you mean block\?/],
    ['an address that is none', { file: 'x', except: ['1.2.3'] }, /except\.0: found "1\.2\.3"/],
    ['a fetch every second', { file: 'x', everySeconds: 1 }, /everySeconds: .*10/],
  ])('%s', (_what, list, said) => {
    const { problems } = load(list);
    expect(problems).toContainEqual(
      typeof said === 'string' ? `--set ${said}` : expect.stringMatching(said),
    );
  });

  test('the key itself, and it is not repeated', () => {
    const { problems } = load({ url: URL_WITH_KEY, key: 'abc-123' });
    expect(problems.join()).toMatch(/lists\.a\.key: .*a variable/);
    expect(problems.join()).not.toContain('abc-123');
  });

  test('a key that is another path, and it is not repeated', () => {
    const { problems } = load({ url: URL_WITH_KEY, key: KEY }, { APIBAN_KEY: '../../etc' });
    expect(problems).toEqual([
      '--set lists.a.key: found a APIBAN_KEY of another form (not shown), expected 4 to 256 letters, digits or . _ ~ + = -',
    ]);
  });
});
