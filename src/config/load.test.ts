import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findDataDirectory, loadSettings } from './load.ts';
import { showProblem } from './problem.ts';
import { shippedFolders } from './settings-files.ts';

let routes: string;

beforeEach(() => {
  routes = mkdtempSync(join(tmpdir(), 'routes-'));
  cpSync(shippedFolders.routes, routes, { recursive: true });
});
afterEach(() => rmSync(routes, { recursive: true, force: true }));

function write(name: string, text: string): void {
  writeFileSync(join(routes, name), text);
}

/** The problems, each without the folder in front. */
function problems(flags = {}, environment = {}, ipv6 = true): string[] {
  const loaded = loadSettings({ routes, ...flags }, environment, ipv6, ['198.51.100.1']);
  return loaded.ok
    ? []
    : loaded.problems.map((problem) => showProblem(problem).replaceAll(`${routes}/`, ''));
}

function settings(flags = {}, environment = {}, ipv6 = true) {
  const loaded = loadSettings({ routes, ...flags }, environment, ipv6, ['198.51.100.1']);
  if (!loaded.ok) throw new Error(loaded.problems.map(showProblem).join('\n'));
  return loaded;
}

describe('precedence', () => {
  test('flags win over the environment, the environment over files', () => {
    write(
      'gate.yaml',
      'http: { port: 1000 }\nlog: { level: warn }\ndrain: { deadlineSeconds: 9 }\n',
    );
    const environment = { DRAWBRIDGE_HTTP__PORT: '2000', DRAWBRIDGE_LOG_LEVEL: 'error' };
    const loaded = settings({ set: ['http.port=3000'] }, environment).settings;
    expect(loaded.http.port).toBe(3000);
    expect(loaded.log.level).toBe('error');
    expect(loaded.drain.deadlineSeconds).toBe(9);
  });

  test('a list from a flag stands in place of the list in the file', () => {
    const loaded = settings({ pbx: ['sip:192.0.2.1', 'b=sip:192.0.2.2'] }).settings;
    expect(loaded.pbx.nodes).toEqual([
      { name: '192.0.2.1', uri: 'sip:192.0.2.1', weight: 1, drain: false },
      { name: 'b', uri: 'sip:192.0.2.2', weight: 1, drain: false },
    ]);
  });

  test('a file with nothing in it leaves every default', () => {
    write('gate.yaml', '# nothing yet\n');
    expect(settings().settings.http.port).toBe(9464);
  });
});

describe('what is wrong is said with its place (X1)', () => {
  test('all of it at once', () => {
    write(
      'pbx.yaml',
      'pbx:\n  health:\n    everySecond: 5\n    downAfter: two\n  registration:\n    toward: paht\n',
    );
    write('gate.yaml', 'http:\n  port: 70000\n');
    expect(problems()).toEqual([
      'gate.yaml:2:9 http.port: found 70000, expected a whole number from 0 to 65535',
      'pbx.yaml:4:16 pbx.health.downAfter: found "two", expected a whole number from 1 to 100',
      'pbx.yaml:3:5 pbx.health.everySecond: found an unknown key, expected one of everySeconds, timeoutSeconds, ' +
        'downAfter, upAfter (did you mean everySeconds?)',
      'pbx.yaml:6:13 pbx.registration.toward: found "paht", expected one of contact, path (did you mean path?)',
    ]);
  });

  test.each([
    ['a syntax error', 'http: [\n', /^gate\.yaml:\d+:\d+: not YAML: /],
    ['a key given twice', 'log: {}\nlog: {}\n', /^gate\.yaml:2:1: log: found a second time/],
    ['a list where keys belong', '- a\n', /^gate\.yaml:1:1: found a list or a single value/],
    ['a key of another file', 'pbx: {}\n', /^gate\.yaml:1:1 pbx: .*expected it in pbx\.yaml/],
    ['an unknown key', 'htpp: {}\n', /^gate\.yaml:1:1 htpp: .*did you mean http\?/],
    [
      'a key without a value',
      'http:\n  port:\n',
      /^gate\.yaml:2:\d+ http\.port: found nothing, expected a whole number/,
    ],
    [
      'an address that is none',
      'http: { address: example }\n',
      /http\.address: found "example", expected an IP address/,
    ],
    [
      'a block where a text belongs',
      'dataDirectory: {}\n',
      /dataDirectory: found \{\}, expected the name of a file or folder/,
    ],
    [
      'more aliases than any file needs',
      `a: &a [1]\nb: [${'*a,'.repeat(200)}]\n`,
      /gate\.yaml:1:1/,
    ],
    [
      'an alias inside of what it names',
      'log: &a\n  level: *a\n',
      /^gate\.yaml:2:10: found an alias inside/,
    ],
    ['a second document', 'log: {}\n---\nhttp: {}\n', /found a second document after ---/],
    ['a quote that is not closed', 'dataDirectory: "x\n', /no closing one$/],
    ['no text', 'log\0', /^gate\.yaml: found binary data, expected a text in UTF-8$/],
    ['a number in quotes', 'http: { port: "90" }\n', /did you mean 90 without quotes\?/],
    ['a number without end', 'http: { port: .inf }\n', /http\.port: found Infinity, expected/],
    ['a space left out', 'http:\n  port:9000\n', /did you mean port: 9000, with a space\?/],
  ])('%s', (_what, text, expected) => {
    write('gate.yaml', text);
    expect(problems()[0]).toMatch(expected);
  });

  test('a file that is missing', () => {
    rmSync(join(routes, 'trunks.yaml'));
    expect(problems()).toEqual(['trunks.yaml: does not exist']);
  });

  test('a hidden file of an editor is none of ours', () => {
    write('.#pbx.yaml', 'x');
    expect(problems()).toEqual([]);
  });

  test('a file of an unknown name', () => {
    write('trunk.yaml', 'trunks: []\n');
    expect(problems()).toEqual([
      expect.stringMatching(/^trunk\.yaml: .*did you mean trunks\.yaml\?/),
    ]);
  });

  test('a folder that is missing', () => {
    expect(problems({ routes: join(routes, 'nowhere') })).toEqual(['nowhere: does not exist']);
  });

  test('a byte that is not UTF-8', () => {
    writeFileSync(join(routes, 'gate.yaml'), Buffer.from('log: {}\n# caf\xe9\n', 'latin1'));
    expect(problems()).toEqual([
      'gate.yaml:2:1: found a byte that is not UTF-8, expected a text in UTF-8',
    ]);
  });

  test('a file larger than any should be', () => {
    write('gate.yaml', `# ${'x'.repeat(5_000_000)}\n`);
    expect(problems()).toEqual(['gate.yaml: found 5000003 bytes, expected at most 4194304']);
  });

  test('a device, which would never end', () => {
    rmSync(join(routes, 'trunks.yaml'));
    symlinkSync('/dev/zero', join(routes, 'trunks.yaml'));
    expect(problems()).toEqual(['trunks.yaml: found a pipe or device, expected a file']);
  });

  test('a folder in place of a file', () => {
    rmSync(join(routes, 'trunks.yaml'));
    mkdirSync(join(routes, 'trunks.yaml'));
    expect(problems()).toEqual(['trunks.yaml: found a folder, expected a file']);
  });

  test('a flag, by its name', () => {
    expect(problems({ pbx: ['sipp:pbx'], 'log-level': 'inof' })).toEqual([
      '--log-level log.level: found "inof", expected one of trace, debug, info, warn, error (did you mean info?)',
      expect.stringMatching(/^--pbx pbx\.nodes\.0\.uri: found "sipp:pbx", expected a SIP URI/),
    ]);
  });

  test('a variable, by its name', () => {
    expect(problems({}, { DRAWBRIDGE_HTTP__PORT: 'x' })).toEqual([
      'DRAWBRIDGE_HTTP__PORT http.port: found "x", expected a whole number from 0 to 65535',
    ]);
  });

  test('a flag does not hide what is wrong in a file', () => {
    write('gate.yaml', 'http:\n  port: x\n');
    expect(problems({ set: ['http.port=1'] })).toEqual([
      'gate.yaml:2:9 http.port: found "x", expected a whole number from 0 to 65535',
    ]);
  });
});

describe('listeners', () => {
  test('two on one address', () => {
    expect(problems({ listen: ['tcp:127.0.0.1:5060', 'tls:127.0.0.1:5060'] })).toEqual([
      '--listen listeners.1.listen: found tls:127.0.0.1:5060, expected an address not yet taken by tcp:127.0.0.1:5060',
    ]);
  });

  test('one under the any-address of another', () => {
    expect(problems({ listen: ['udp:127.0.0.1:5060', 'udp:0.0.0.0:5060'] })).toHaveLength(1);
    expect(problems({ listen: ['udp:0.0.0.0:5060', 'udp:127.0.0.1:5060'] })).toHaveLength(1);
  });

  test('one where metrics are served', () => {
    expect(problems({ listen: ['tcp:127.0.0.1:9464'] })[0]).toContain('not yet taken by http');
  });

  test('UDP and TCP, IPv4 and IPv6, port 0 twice: no clash', () => {
    const listen = [
      'udp:0.0.0.0:5060',
      'tcp:0.0.0.0:5060',
      'udp:[::]:5060',
      'tcp:127.0.0.1:0',
      'tls:127.0.0.1:0',
    ];
    expect(problems({ listen })).toEqual([]);
  });

  test('none at all', () => {
    write('listeners.yaml', 'listeners: []\n');
    expect(problems()).toEqual([
      'listeners.yaml:1:12 listeners: found [], expected at least 1 entry',
    ]);
  });

  test('a client certificate asked for without TLS', () => {
    write(
      'listeners.yaml',
      'listeners:\n  - listen: udp:0.0.0.0:5060\n    clientCertificate: require\n',
    );
    expect(problems()).toEqual([
      'listeners.yaml:3:24 listeners.0.clientCertificate: found "require" on udp, expected tls or wss, or none',
    ]);
  });

  test('pages of a listener that no browser reaches, or that are none', () => {
    write(
      'listeners.yaml',
      [
        'listeners:',
        '  - listen: tls:0.0.0.0:5061',
        '    origins: ["https://phones.example.com"]',
        '  - listen: wss:0.0.0.0:443',
        '    origins: ["https://Phones.example.com/app"]',
        '',
      ].join('\n'),
    );
    expect(problems()).toEqual([
      'listeners.yaml:5:15 listeners.1.origins.0: found "https://Phones.example.com/…", expected the scheme, host and port of a page, such as https://phones.example.com (did you mean https://phones.example.com?)',
      'listeners.yaml:3:14 listeners.0.origins: found origins on tls, expected ws or wss',
    ]);
  });

  test('the IPv6 defaults are left out of a machine without IPv6, and that is said', () => {
    const { settings: loaded, notices } = settings({}, {}, false);
    expect(loaded.listeners.map(({ address }) => address)).toEqual([
      '0.0.0.0',
      '0.0.0.0',
      '0.0.0.0',
    ]);
    expect(notices).toContain('udp:[::]:5060 is left out: this machine has no IPv6');
  });

  test('an IPv6 listener that was asked for is an error there', () => {
    expect(problems({ listen: ['udp:[::1]:5060'] }, {}, false)).toEqual([
      '--listen listeners.0.listen: found udp:[::1]:5060, expected an IPv4 address: this machine has no IPv6',
    ]);
  });
});

describe('names', () => {
  test('two PBX nodes of one name', () => {
    expect(problems({ pbx: ['a=sip:192.0.2.1', 'a=sip:192.0.2.2'] })).toEqual([
      '--pbx pbx.nodes.1: found a second entry called "a", expected a name of its own for each',
    ]);
  });

  test('one PBX node given twice', () => {
    expect(problems({ pbx: ['sip:192.0.2.1', 'sip:192.0.2.1'] })).toHaveLength(1);
  });
});

describe('secrets', () => {
  const secret = 'correct-horse-battery';
  const header = (value: string) =>
    write('pbx.yaml', `pbx:\n  trunkHeader:\n    name: X-From-Trunk\n    value: ${value}\n`);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the form the operator writes.
  const variable = '${DRAWBRIDGE_PBX_SECRET}';

  test('the value comes from the environment', () => {
    header(variable);
    const loaded = settings({}, { DRAWBRIDGE_PBX_SECRET: secret }).settings;
    expect(loaded.pbx.trunkHeader).toEqual({ name: 'X-From-Trunk', value: secret });
  });

  test('written into the file it is refused and not repeated', () => {
    header(secret);
    const said = problems();
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^pbx\.yaml:4:12 pbx\.trunkHeader\.value: found a text \(not shown\)/);
    expect(said[0]).not.toContain(secret);
  });

  test('in a file that is not YAML it is not repeated either', () => {
    write('pbx.yaml', `pbx: {}\n  value: "x" ${secret}\n`);
    expect(problems().join()).toContain('not YAML');
    expect(problems().join()).not.toContain(secret);
  });

  test.each([
    ['missing', undefined],
    ['too short to be one', 'short'],
    ['able to end the header', 'correct-horse\r\nX-Evil: 1'],
  ])('a variable that is %s is named, its value not', (_what, value) => {
    header(variable);
    const [said = ''] = problems({}, value === undefined ? {} : { DRAWBRIDGE_PBX_SECRET: value });
    expect(said).toContain('DRAWBRIDGE_PBX_SECRET');
    if (value !== undefined) expect(said).not.toContain(value);
  });

  test('a variable that nothing uses is mentioned', () => {
    expect(settings({}, { DRAWBRIDGE_PBX_SECRET: secret }).notices).toEqual([
      'DRAWBRIDGE_PBX_SECRET is set, but pbx.trunkHeader is null: no header is sent',
    ]);
  });
});

test.each([
  ['sip:127.0.0.1:5060', 'udp:0.0.0.0:5060'],
  ['sip:localhost', 'udp:0.0.0.0:5060'],
  ['sip:[::1]:5060;transport=tcp', 'tcp:[::]:5060'],
  ['sips:127.0.0.1', 'tls:0.0.0.0:5061'],
  ['sip:198.51.100.1', 'udp:0.0.0.0:5060'],
])('a PBX at %s is the gate itself and refused', (uri, own) => {
  const found = `found ${uri}, which is this gate's own ${own}, expected another place`;
  expect(problems({ pbx: [uri] })).toEqual([`--pbx pbx.nodes.0.uri: ${found}`]);
  expect(problems({ trunk: [uri] })).toEqual([`--trunk trunks.0.uri: ${found}`]);
});

test('a PBX at a name that begins like an address of this machine is not the gate itself', () => {
  expect(problems({ pbx: ['sip:127.example.org'] })).toEqual([]);
});

test('a PBX on this machine, beside the gate, is none of its listeners', () => {
  const listen = ['udp:127.0.0.2:5060'];
  expect(problems({ listen, pbx: ['sip:127.0.0.1:5060', 'sip:127.0.0.2:5080'] })).toEqual([]);
  expect(problems({ listen, pbx: ['sip:127.0.0.2:5060;transport=tcp'] })).toEqual([]);
});

describe('what does not go together', () => {
  test('is blamed on the flag that made it so', () => {
    expect(problems({ set: ['pbx.health.everySeconds=1'] })).toEqual([
      '--set pbx.health.everySeconds: found 1, expected at least timeoutSeconds (2)',
    ]);
    expect(problems({ http: '127.0.0.1:5061' })).toEqual([
      '--http http.port: found 127.0.0.1:5061, expected an address not yet taken by tls:0.0.0.0:5061',
    ]);
  });

  test('is blamed on the file when both stand there', () => {
    write('pbx.yaml', 'pbx:\n  health:\n    everySeconds: 1\n    timeoutSeconds: 2\n');
    expect(problems()).toEqual([
      'pbx.yaml:4:21 pbx.health.timeoutSeconds: found 2, expected at most everySeconds (1)',
    ]);
  });

  test("an entry that a flag began and did not finish is the flag's fault", () => {
    expect(problems({ set: ['pbx.nodes.1.weight=2'] })).toEqual([
      '--set pbx.nodes.1.uri: found nothing, expected a SIP URI such as sip:192.0.2.10:5060 or sips:pbx.example.com;transport=tcp',
    ]);
  });

  test('an entry beyond the end of its list is refused, not put elsewhere', () => {
    expect(problems({ set: ['pbx.nodes.5.uri=sip:192.0.2.1'] })).toEqual([
      '--set pbx.nodes.5: found the entry 5, expected 0 to 1, for there are 1 in the list',
    ]);
    const added = ['pbx.nodes.1.uri=sip:192.0.2.1', 'pbx.nodes.1.weight=2'];
    expect(settings({ set: added }).settings.pbx.nodes).toHaveLength(2);
  });
});

describe('TLS files', () => {
  test('that do not exist are named', () => {
    write(
      'listeners.yaml',
      'tls:\n  certificates:\n    - certificate: /none.pem\n      key: /none.key\n',
    );
    expect(problems()).toEqual([
      'listeners.yaml:3:20 tls.certificates.0.certificate: "/none.pem" does not exist',
      'listeners.yaml:4:12 tls.certificates.0.key: "/none.key" does not exist',
    ]);
  });

  test('that are something else are named, and nothing of them is shown', () => {
    const key = join(routes, 'key.pem');
    writeFileSync(key, 'hunter2');
    write('listeners.yaml', `tls:\n  authorities: ${key}\n`);
    const said = problems();
    expect(said).toEqual([expect.stringContaining('tls.authorities: found')]);
    expect(said.join()).not.toContain('hunter2');
  });
});

test('the data directory is found even when all else is wrong', () => {
  write('gate.yaml', 'dataDirectory: /srv/gate\nhttp: 5\n');
  write('pbx.yaml', 'pbx: [');
  expect(findDataDirectory({ routes }, {})).toBe('/srv/gate');
  expect(findDataDirectory({ routes, data: '/other' }, {})).toBe('/other');
  expect(findDataDirectory({ routes: '/nowhere' }, {})).toBe('./data');
});
