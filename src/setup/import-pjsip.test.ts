import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { importPjsip } from './import-pjsip.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function imported(files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-pjsip-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const { problems, notes, ...rest } = importPjsip(join(folder, 'pjsip.conf'));
  const short = (text: string) => text.replaceAll(`${folder}/`, '');
  return {
    ...rest,
    problems: problems.map(({ where, key, text }) =>
      short([where, key, text].filter(Boolean).join(' ')),
    ),
    notes: notes.map(short),
  };
}

const phone = `
[1001]
type=endpoint
aors=1001
auth=1001-auth
[1001]
type=aor
max_contacts=1
[1001-auth]
type=auth
username=1001
password=hunter2
`;

describe('phones of a pjsip.conf', () => {
  test('are endpoints with an auth and an aor', () => {
    expect(imported({ 'pjsip.conf': phone })).toMatchObject({
      extensions: [{ extension: '1001', owner: undefined, settings: { registerName: '1001' } }],
      problems: [],
      notes: [],
      complete: true,
    });
  });

  test('take what templates say, of which their own word is the last', () => {
    const { extensions, problems } = imported({
      'pjsip.conf': `
[office](!)
type = endpoint
callerid = Office <100>
deny = 0.0.0.0/0.0.0.0
[phone](!,office) ; a template of a template
permit => 192.0.2.0/255.255.255.0
[contacts](!)
type=aor
max_contacts=2
[1001](phone)
auth=anna
aors=1001
callerid="Anna Müller" <1001>
[1001](contacts)
[anna]
type=auth
username=anna
[1002](office)
auth=ben
aors=1002,1003
permit=198.51.100.7,198.51.100.8
[1002](contacts)
max_contacts=1
[1003](contacts)
[ben]
type=auth
username=ben
[1002](+)
callerid=Ben
[1002](+type=aor)
max_contacts=3
`,
    });
    expect(problems).toEqual([]);
    const permittedIps = ['198.51.100.7', '198.51.100.8'];
    expect(extensions).toMatchObject([
      {
        extension: '1001',
        owner: 'Anna Müller',
        settings: { registerName: 'anna', permittedIps: ['192.0.2.0/24'], devices: 2 },
      },
      {
        extension: '1002',
        owner: 'Ben',
        settings: { registerName: 'ben', permittedIps, devices: 3 },
      },
      {
        extension: '1003',
        owner: 'Ben',
        settings: { registerName: 'ben', permittedIps, devices: 2 },
      },
    ]);
  });

  test('come from files that are included, found from the folder of the first', () => {
    const { extensions, problems } = imported({
      'pjsip.conf': '#include "pjsip.d/*.conf"\n#tryinclude gone.conf\n#include <auth.conf>\n',
      'pjsip.d/a.conf': '[1001]\ntype=endpoint\naors=1001\nauth=a\n#include aors/one.conf\n',
      'pjsip.d/ignored.txt': 'nonsense',
      'aors/one.conf': '[1001]\ntype=aor\nmax_contacts=1\n',
      'auth.conf': '[a]\ntype=auth\nusername=a\n',
    });
    expect(problems).toEqual([]);
    expect(extensions).toMatchObject([{ extension: '1001', settings: { registerName: 'a' } }]);
  });

  test('are found between comments of every kind', () => {
    const commented = phone
      .replace('type=endpoint', 'type=endpoint ; type=aor')
      .replace('[1001-auth]', ';-- [9999]\n ;-- inner --; type=endpoint --;[1001-auth]')
      .replace('username=1001', 'username=a\\;b ;--- a line of its own');
    expect(imported({ 'pjsip.conf': commented }).extensions).toMatchObject([
      { extension: '1001', settings: { registerName: 'a;b' } },
    ]);
  });

  test('are no carriers and nothing that cannot register, and that is said', () => {
    const { extensions, notes } = imported({
      'pjsip.conf': `${phone}
[carrier]
type=endpoint
aors=carrier
outbound_auth=carrier-auth
[door]
type=endpoint
auth=1001-auth
aors=door
[door]
type=aor
contact=sip:192.0.2.7
[mute]
type=endpoint
auth=1001-auth
aors=mute
[mute]
type=aor
[lost]
type=endpoint
auth=1001-auth
aors=nowhere
`,
    });
    expect(extensions.map(({ extension }) => extension)).toEqual(['1001']);
    expect(notes).toEqual([
      'pjsip.conf:14: carrier has no auth, as carriers have none: left out',
      'pjsip.conf:18: door is left out: its aor door has a contact that never changes',
      'pjsip.conf:25: mute is left out: its aor mute takes no registration (max_contacts)',
      'pjsip.conf:31: lost is left out: there is no aor nowhere',
    ]);
  });

  test('may be others besides, where Asterisk runs a program or a wizard', () => {
    const { complete, notes } = imported({
      'pjsip.conf': `${phone}#exec /bin/echo hunter2\n[w]\ntype=wizard\n`,
    });
    expect(complete).toBe(false);
    expect(notes).toEqual([
      'pjsip.conf:13: #exec is not run',
      'pjsip.conf:14: w is a wizard, which is not read',
    ]);
  });

  test('whose permit is more than a list of addresses are open to all, and that is said', () => {
    const { extensions, notes } = imported({
      'pjsip.conf': phone.replace(
        'auth=1001-auth',
        'auth=1001-auth\npermit=192.0.2.0/24\nacl=office',
      ),
    });
    expect(extensions[0]?.settings).toEqual({ registerName: '1001' });
    expect(notes).toHaveLength(2);
  });
});

describe('a pjsip.conf that cannot be read', () => {
  test.each([
    ['a file that is not there', '#include other.conf', 'pjsip.conf:1 other.conf does not exist'],
    ['files in a circle', '#include pjsip.conf', 'expected at most 10 deep'],
    ['a line that says nothing', '[a]\nhunter2', 'pjsip.conf:2 found another line, expected'],
    ['a value without a section', 'type=endpoint', 'found a value before any [section]'],
    ['an unknown template', '[a](b)', 'found the template b, expected one that stands before it'],
    ['a section that is none', '[a](+)', 'expected such a section before it'],
    ['a directive that is none', '#inlcude x', 'found #inlcude, expected #include'],
    ['an extension of a strange name', phone.replaceAll('1001', 'a b'), 'at most 64 long'],
  ])('says so: %s', (_what, text, expected) => {
    const { problems } = imported({ 'pjsip.conf': text });
    expect(problems.join('\n')).toContain(expected);
    expect(problems.join('\n')).not.toContain('hunter2');
  });
});
