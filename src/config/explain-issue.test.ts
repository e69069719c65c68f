import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadSettings } from './load.ts';
import { showProblem } from './problem.ts';
import { folders, shippedFolders } from './settings-files.ts';

const SECRET = 'SECRETXYZ';
const URL = `https://hooks.example/services/T1/${SECRET}`;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'explained-'));
});
beforeEach(() => {
  for (const one of folders) cpSync(shippedFolders[one], join(folder, one), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What is said of a file of the policies as it is given, or of one of the routes. */
function wrong(file: string, text: string): readonly string[] {
  writeFileSync(join(folder, file), text);
  const at = { routes: join(folder, 'routes'), policies: join(folder, 'policies'), data: folder };
  const loaded = loadSettings(at, {}, true, []);
  return loaded.ok ? [] : loaded.problems.map((one) => showProblem(one).replace(/^\S+\//, ''));
}

const contacts = (text: string): string => `notifications:\n  contacts:\n    ${text}\n`;
const contact = (text: string): string => contacts(`ops: { ${text} }`);
const form = 'an https:// URL, {token} in it where a token goes';
const variable = 'a variable such as $' + '{NAME}, never the secret itself';

describe('nothing is shown of a secret in notifications:', () => {
  test.each([
    [
      'a webhook for a contact',
      contacts(`ops: ${URL}`),
      'ops: found a text, expected a block of keys',
    ],
    [
      'a misspelt key',
      contact(`webhok: ${URL}`),
      'ops.webhok: found an unknown key, expected one of email, webhook,',
    ],
    ['the block of one', contact(`webhok: ${URL}`), 'ops: found a block with webhok, expected an'],
    [
      'a list of one webhook',
      contact(`webhook: [${URL}]`),
      `ops.webhook: found a list (not shown), expected ${form}\n`,
    ],
    [
      'a block for a webhook',
      contact(`webhook: { url: ${URL} }`),
      `ops.webhook: found a block with url (not shown), expected ${form}\n`,
    ],
    [
      'a password with / in a URL',
      contact(`webhook: https://bob:${SECRET}/1@host.example/a`),
      `ops.webhook: found (not shown), expected ${form}\n`,
    ],
    [
      'a password with ? in a URL',
      contact(`webhook: https://bob:${SECRET}?1@host.example/a`),
      'ops.webhook: found (not shown)',
    ],
    [
      'a password with # in a URL',
      contact(`webhook: "https://bob:${SECRET}#1@host.example/a"`),
      'ops.webhook: found (not shown)',
    ],
    [
      'a webhook in the clear',
      contact(`webhook: http://hooks.example/${SECRET}`),
      '(did you mean https://hooks.example/…?)',
    ],
    [
      'contacts as a list',
      contacts(`- ${URL}`),
      'contacts: found a list, expected a block of keys\n',
    ],
    [
      'contacts as a list of blocks',
      contacts(`- { name: ops, webhook: ${URL} }`),
      'contacts: found a list, expected a block of keys\n',
    ],
    ['all of it as a text', `notifications: ${URL}\n`, 'notifications: found a text, expected'],
    [
      'a webhook under email',
      contact(`email: ${URL}`),
      'ops.email: found "https://hooks.example/…", expected an e-mail address',
    ],
    [
      'a list of one under email',
      contact(`email: [${URL}]`),
      'ops.email: found ["https://hooks.example/…"], expected an e-mail address',
    ],
    [
      'a webhook for a list of times',
      contact(`webhook: "https://a.example", quiet: ${URL}`),
      '(did you mean [https://hooks.example/…], a list of one?)',
    ],
    [
      'a webhook for a template',
      contact(`webhook: "https://a.example", template: ${URL}`),
      'ops.template: found "https://hooks.example/…", expected one of the templates',
    ],
    [
      'no space behind a key',
      contacts(`ops: webhook:${URL}`),
      '(did you mean webhook: …, with a space?)',
    ],
    ['the same in braces', contact(`token:${SECRET}`), 'ops.…: found an unknown key'],
    ['a URL for a name', contacts(`"${URL}": {}`), 'contacts.…: found "…", expected letters'],
    [
      'a token',
      contact(`token: ${SECRET}`),
      `ops.token: found a text (not shown), expected ${variable}\n`,
    ],
    [
      'a list of one token',
      contact(`token: [${SECRET}]`),
      `ops.token: found a list (not shown), expected ${variable}\n`,
    ],
    [
      'a list of one password',
      `notifications: { smtp: { password: [${SECRET}] } }\n`,
      `smtp.password: found a list (not shown), expected ${variable}\n`,
    ],
    [
      'a password for the block',
      `notifications: { smtp: ${SECRET} }\n`,
      'smtp: found a text, expected',
    ],
  ])('%s', (_what, text, said) => {
    const problems = `${wrong('policies/notifications.yaml', text).join('\n')}\n`;
    expect(problems).toContain(said);
    expect(problems).not.toContain(SECRET);
  });

  test('a password of digits', () => {
    const text = 'notifications: { smtp: { password: 12345678 } }\n';
    expect(wrong('policies/notifications.yaml', text)).toEqual([
      `notifications.yaml:1:36 notifications.smtp.password: found a number (not shown), expected ${variable}`,
    ]);
  });
});

describe('nor elsewhere:', () => {
  const elsewhere = (key: string, text: string): readonly string[] => {
    const at = { routes: join(folder, 'routes'), policies: join(folder, 'policies'), data: folder };
    const loaded = loadSettings({ ...at, set: [`${key}=${text}`] }, {}, true, []);
    return loaded.ok ? [] : loaded.problems.map(showProblem);
  };

  test.each([
    ['cluster', SECRET, 'found a text, expected a block of keys'],
    ['cluster.redis', `[${SECRET}]`, 'found a list, expected a block of keys'],
    ['cluster.redis.password', `[${SECRET}]`, `found a list (not shown), expected ${variable}`],
    ['cluster.redis.sentinelPassword', `{ is: ${SECRET} }`, 'found a block with is (not shown)'],
    ['cluster.secret', `[${SECRET}]`, 'found a list (not shown)'],
    ['drachtio', `{ secrt: ${SECRET} }`, 'found an unknown key'],
    ['drachtio.secret', `[${SECRET}]`, 'found a list (not shown)'],
    ['programs.secret', `[${SECRET}]`, 'found a list (not shown)'],
    ['pbx.trunkHeader', SECRET, 'found a text, expected a block of keys'],
    ['pbx.trunkHeader.value', `[${SECRET}]`, 'found a list (not shown)'],
    ['pins', `{ boss: ${SECRET} }`, 'pins.boss: found a text, expected a block of keys'],
    [
      'pins',
      `{ boss: { hash: [${SECRET}] } }`,
      'found a list (not shown), expected what drawbridge',
    ],
    ['lists.a', URL, 'found a text, expected a block of keys'],
    ['lists.a', `{ ulr: ${URL} }`, 'found a block with ulr, expected a file or a url'],
    ['lists.a.url', `http://feed.example/${SECRET}`, '(did you mean https://feed.example/…?)'],
    ['lists.a.url', `[${URL}]`, 'found a list (not shown), expected an https:// URL'],
    ['lists.a.key', `[${SECRET}]`, 'found a list (not shown)'],
  ])('%s: %s', (key, text, said) => {
    const problems = elsewhere(key, text).join('\n');
    expect(problems).toContain(said);
    expect(problems).not.toContain(SECRET);
  });
});

test('a key is still guessed where a secret is near', () => {
  expect(wrong('policies/notifications.yaml', contact(`webhok: ${URL}`)).join()).toContain(
    '(did you mean webhook?)',
  );
});
