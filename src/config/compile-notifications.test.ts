import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadSettings } from './load.ts';
import { showProblem } from './problem.ts';
import { shippedFolders } from './settings-files.ts';

const PASSWORD = 'a-password-of-the-test';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'notifications-'));
  cpSync(shippedFolders.policies, folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(yaml: string, variables: Readonly<Record<string, string>> = {}) {
  writeFileSync(join(folder, 'notifications.yaml'), `notifications:\n${yaml}\n`);
  return loadSettings({ policies: folder, data: folder }, variables, true);
}

/** What is wrong with it, without the folder. */
function wrong(yaml: string, variables: Readonly<Record<string, string>> = {}): string {
  const loaded = load(yaml, variables);
  if (loaded.ok) return 'nothing';
  return loaded.problems
    .map(showProblem)
    .join('\n')
    .replaceAll(/\S*notifications\.yaml:/g, '');
}

const mail = '  smtp: { server: mail.example.com, from: gate@example.com }\n';
const to = (contact: string): string => `  contacts:\n    anna: { ${contact} }`;
const sealed = '$' + '{TOKEN}';

test('a contact by e-mail, with all that has a default', () => {
  const loaded = load(`${mail}${to('email: "anna@example.com, b@example.com"')}`);
  expect(loaded.ok && loaded.settings.notifications).toMatchObject({
    smtp: { host: 'mail.example.com', port: 587, tls: 'starttls', user: null, password: '' },
    contacts: [
      {
        name: 'anna',
        to: { addresses: ['anna@example.com', 'b@example.com'] },
        wants: [{ level: 'alert', kinds: [] }],
        perHour: 12,
      },
    ],
  });
});

test.each([
  ['implicit', 465],
  ['off', 25],
])('a server that is asked by tls %s has port %d', (tls, port) => {
  const loaded = load(`  smtp: { server: mail.example.com, from: g@example.com, tls: "${tls}" }`);
  expect(loaded.ok && loaded.settings.notifications.smtp?.port).toBe(port);
});

describe('a secret', () => {
  const user = '  smtp: { server: mail.example.com, user: gate@example.com';

  test('comes from the environment, or from a file; the file wins', () => {
    const file = join(folder, 'password');
    writeFileSync(file, `${PASSWORD}\n`);
    const variables = { DRAWBRIDGE_SMTP_PASSWORD: 'of-the-environment' };
    const passwordOf = (yaml: string) => {
      const loaded = load(yaml, variables);
      return loaded.ok && loaded.settings.notifications.smtp?.password;
    };
    expect(passwordOf(`${user} }`)).toBe('of-the-environment');
    expect(passwordOf(`${user}, passwordFile: ${file} }`)).toBe(PASSWORD);
  });

  test('may have any name that the file gives it, and no other', () => {
    const hook = to(`webhook: "https://a.example/{token}", token: "${'$'}{DRAWBRIDGE_DUTY_TOKEN}"`);
    expect(wrong(hook, { DRAWBRIDGE_DUTY_TOKEN: 'secret' })).toBe('nothing');
    expect(wrong(mail, { DRAWBRIDGE_DUTY_TOKEN: 'secret' })).toMatch(/^DRAWBRIDGE_DUTY_TOKEN: /);
  });

  test('that is missing, or of another form, is named and not shown', () => {
    expect(wrong(`${user} }`)).toBe(
      '2:9 notifications.smtp.password: found no variable DRAWBRIDGE_SMTP_PASSWORD, ' +
        'expected one line, at most 256 characters',
    );
    const file = join(folder, 'password');
    writeFileSync(file, `${PASSWORD}\nand more\n`);
    const said = wrong(`${user}, passwordFile: ${file} }`);
    expect(said).toMatch(
      /smtp\.passwordFile: found ".*", whose text has another form \(not shown\)/,
    );
    expect(said).not.toContain(PASSWORD);
    expect(wrong(`${user}, passwordFile: ${folder}/none }`)).toMatch(/passwordFile: .*none" /);
  });

  test('in the file itself is refused, and not shown', () => {
    const said = wrong(`${user}, password: ${PASSWORD} }`);
    expect(said).toMatch(/notifications\.smtp\.password: found .*, expected a variable such as/);
    expect(said).not.toContain(PASSWORD);
  });

  test('that could leave its place in a URL is refused', () => {
    const hook = to(`webhook: "https://a.example/{token}", token: "${sealed}"`);
    expect(wrong(hook, { TOKEN: 'T1/B2/abc' })).toBe('nothing');
    for (const TOKEN of ['a/../../b', 'a?b', 'a b\r\nX: y'])
      expect(wrong(hook, { TOKEN })).toMatch(/anna\.token: found a TOKEN of another form/);
  });
});

describe('is named by line and key:', () => {
  test.each([
    [
      'neither email nor webhook',
      to('form: json'),
      /^3:11 notifications\.contacts\.anna: .*one of the two/,
    ],
    ['both', `${mail}${to('email: a@b.example, webhook: "https://c.example"')}`, /one of the two/],
    [
      'an email without a server',
      to('email: a@b.example'),
      /^3:\d+ notifications\.contacts\.anna\.email: found an address, and no mail server/,
    ],
    [
      'an address that is none',
      `${mail}${to('email: anna')}`,
      /anna\.email: found "anna", expected an e-mail address/,
    ],
    [
      'an address with a header in it',
      `${mail}${to('email: "a@b.example\\nBcc: c@d.example"')}`,
      /expected an e-mail address/,
    ],
    [
      'a kind that is none',
      `${mail}${to('email: a@b.example, wants: [{ kinds: [blockd] }]')}`,
      /wants\.0\.kinds\.0: .*did you mean blocked\?/,
    ],
    [
      'a level that is none',
      `${mail}${to('email: a@b.example, wants: [{ level: error }]')}`,
      /wants\.0\.level: found "error", expected/,
    ],
    [
      'a time that is none',
      `${mail}${to('email: a@b.example, quiet: [night]')}`,
      /anna\.quiet\.0: found "night", expected one of the times/,
    ],
    [
      'a template that is none',
      `${mail}${to('email: a@b.example, template: mine')}`,
      /anna\.template: found "mine"/,
    ],
    [
      'a place that is none',
      '  templates: { mine: { line: "{sorce}" } }',
      /^2:\d+ notifications\.templates\.mine\.line: .*did you mean \{source\}\?/,
    ],
    [
      'a template of two lines',
      '  templates: { mine: { subject: "a\\nBcc: b" } }',
      /mine\.subject: .*one line/,
    ],
    [
      'a webhook in the clear',
      to('webhook: "http://a.example/x"'),
      /anna\.webhook: .*did you mean https:/,
    ],
    [
      'one at a name that begins like an address of this machine',
      to('webhook: "http://127.example.org/x"'),
      /anna\.webhook: .*did you mean https:/,
    ],
    [
      'a webhook with a password',
      to('webhook: "https://u:p@a.example/x"'),
      /no user and password in it/,
    ],
    [
      'a token for the name of a host',
      to('webhook: "https://{token}.example/x"'),
      /not in the name of the host/,
    ],
    [
      'a secret of Slack in the URL',
      to('webhook: "https://hooks.slack.com/services/T/B/x", form: slack'),
      /anna\.webhook: found a URL of slack without \{token\}/,
    ],
    [
      'a place for a token, and none',
      to('webhook: "https://a.example/{token}"'),
      /found \{token\}, and no token/,
    ],
    [
      'a server without a sender',
      '  smtp: { server: mail.example.com }',
      /smtp\.from: found nothing/,
    ],
    [
      'a login in the clear',
      '  smtp: { server: mail.example.com, from: a@b.example, user: u, tls: "off" }',
      /smtp\.tls: found a password in the clear/,
    ],
    [
      'one at a name that begins like an address of this machine',
      '  smtp: { server: 127.example.org, from: a@b.example, user: u, tls: "off" }',
      /smtp\.tls: found a password in the clear/,
    ],
    [
      'a misspelt key',
      '  contact: {}',
      /notifications\.contact: found an unknown key.*did you mean contacts\?/,
    ],
  ])('%s', (_what, yaml, said) => {
    expect(wrong(yaml, { DRAWBRIDGE_SMTP_PASSWORD: PASSWORD })).toMatch(said);
  });
});
