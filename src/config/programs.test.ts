import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadSettings } from './load.ts';
import { showProblem } from './problem.ts';
import { planReload } from './restart.ts';
import { shippedFolders } from './settings-files.ts';

const secret = 'correct-horse-battery';
const environment = { DRAWBRIDGE_PROGRAMS_SECRET: secret };
let routes: string;

beforeEach(() => {
  routes = mkdtempSync(join(tmpdir(), 'routes-'));
  cpSync(shippedFolders.routes, routes, { recursive: true });
});
afterEach(() => rmSync(routes, { recursive: true, force: true }));

const write = (text: string): void => writeFileSync(join(routes, 'programs.yaml'), text);

function load(flags = {}, variables = environment, ipv6 = true) {
  return loadSettings({ routes, ...flags }, variables, ipv6, []);
}

function problems(...given: Parameters<typeof load>): string[] {
  const loaded = load(...given);
  return loaded.ok
    ? []
    : loaded.problems.map((problem) => showProblem(problem).replaceAll(`${routes}/`, ''));
}

function settings(...given: Parameters<typeof load>) {
  const loaded = load(...given);
  if (!loaded.ok) throw new Error(loaded.problems.map(showProblem).join('\n'));
  return loaded;
}

test('as shipped nothing listens, no request is for programs, and no secret is asked for', () => {
  const { programPort, programs } = settings({}, {} as typeof environment).settings;
  expect(programPort.port).toBeNull();
  expect(programs).toEqual({ secret: '', requests: [], handlers: [] });
});

test('a port, rules and handlers, from a file', () => {
  write(`programPort:
  port: 9022
  limits: { unanswered: 3 }
programs:
  requests:
    - methods: [INVITE, MESSAGE]
      realm: access
      listener: udp:0.0.0.0:5060
      user: "112"
      to: pbx
    - header: { name: X-App }
  handlers:
    - methods: [MESSAGE]
      url: tcp://127.0.0.1:3001
    - url: https://app.example.com/decide?key=1
      method: POST
`);
  const { programPort, programs } = settings().settings;
  expect(programPort).toMatchObject({
    address: '127.0.0.1',
    port: 9022,
    tls: { enabled: false },
    limits: { unanswered: 3, connections: 64 },
  });
  expect(programs).toEqual({
    secret,
    requests: [
      {
        methods: ['INVITE', 'MESSAGE'],
        realm: 'access',
        listener: { transport: 'udp', address: '0.0.0.0', port: 5060 },
        user: '112',
        to: 'pbx',
      },
      { header: { name: 'X-App', value: '*' }, to: 'programs' },
    ],
    handlers: [
      { methods: ['MESSAGE'], url: 'tcp://127.0.0.1:3001', method: 'GET' },
      { url: 'https://app.example.com/decide?key=1', method: 'POST' },
    ],
  });
});

test('by flags and by variables', () => {
  const { programPort, programs } = settings(
    { set: ['programPort.port=9022', 'programs.requests.0.user=7*'] },
    { ...environment, DRAWBRIDGE_PROGRAM_PORT__LIMITS__FRAME_BYTES: '5000' } as typeof environment,
  ).settings;
  expect(programPort).toMatchObject({ port: 9022, limits: { frameBytes: 5000 } });
  expect(programs.requests).toEqual([{ user: '7*', to: 'programs' }]);
});

describe('what is wrong is said with its place', () => {
  test.each([
    [
      'a port without a secret',
      'programPort: { port: 9022 }',
      {},
      /^programs\.yaml:1:1 programs\.secret: found no variable DRAWBRIDGE_PROGRAMS_SECRET, expected 16 to 256/,
    ],
    [
      'a secret too short',
      'programPort: { port: 9022 }',
      { DRAWBRIDGE_PROGRAMS_SECRET: 'cymru' },
      /of another form \(not shown\)/,
    ],
    [
      'a secret that would end a token',
      'programPort: { port: 9022 }',
      { DRAWBRIDGE_PROGRAMS_SECRET: 'correct|horse-battery' },
      /\(not shown\)/,
    ],
    [
      'a handler without a secret',
      'programs: { handlers: [{ url: "tcp://127.0.0.1:1" }] }',
      {},
      /programs\.secret: found no variable/,
    ],
    [
      'a secret in the file',
      `programPort: { port: 1 }\nprograms: { secret: ${secret} }`,
      environment,
      /^programs\.yaml:2:\d+ programs\.secret: found a text \(not shown\)/,
    ],
    [
      'the open network without TLS',
      'programPort: { port: 9022, address: 0.0.0.0 }',
      environment,
      /^programs\.yaml:1:\d+ programPort\.address: found 0\.0\.0\.0:9022 without TLS.* expected a loopback address, or tls\.enabled: true/,
    ],
    [
      'IPv6 without it',
      'programPort: { port: 9022, address: "2001:db8::1" }',
      environment,
      /\[2001:db8::1\]:9022 without TLS/,
    ],
    [
      'a certificate alone',
      'programPort: { port: 1, tls: { enabled: true, certificate: x.pem } }',
      environment,
      /programPort\.tls\.certificate: found a certificate alone/,
    ],
    [
      'a key alone',
      'programPort: { port: 1, tls: { enabled: true, key: x.pem } }',
      environment,
      /programPort\.tls\.key: found a key alone/,
    ],
    [
      'a certificate that is not used',
      'programPort: { port: 1, tls: { certificate: x.pem, key: x.key } }',
      environment,
      /programPort\.tls\.enabled: found false, expected true/,
    ],
    [
      'requests for nobody',
      'programs: { requests: [{ user: "1" }] }',
      environment,
      /^programs\.yaml:1:\d+ programs\.requests: found requests for programs/,
    ],
    [
      'a rule true of everything',
      'programPort: { port: 1 }\nprograms: { requests: [{ to: programs }] }',
      environment,
      /programs\.requests\.0: .*at least one condition/,
    ],
    [
      'a listener there is not',
      'programPort: { port: 1 }\nprograms: { requests: [{ listener: "udp:10.0.0.1:5060" }] }',
      environment,
      /programs\.requests\.0\.listener: found udp:10\.0\.0\.1:5060, expected one of the listeners: udp:0\.0\.0\.0:5060/,
    ],
    [
      'a method nobody is given',
      'programPort: { port: 1 }\nprograms: { requests: [{ methods: [BYE] }] }',
      environment,
      /methods\.0: found "BYE", expected one of INVITE/,
    ],
    [
      'no method at all',
      'programPort: { port: 1 }\nprograms: { requests: [{ methods: [] }] }',
      environment,
      /at least 1 entry/,
    ],
    [
      'a handler of another kind',
      'programs: { handlers: [{ url: "ftp://x" }] }',
      environment,
      /handlers\.0\.url: found "ftp:\/\/x", expected tcp:\/\/host:port/,
    ],
    [
      'a handler without a port',
      'programs: { handlers: [{ url: "tcp://x" }] }',
      environment,
      /handlers\.0\.url/,
    ],
    [
      'a password in a file',
      'programs: { handlers: [{ url: "http://a:b@x/" }] }',
      environment,
      /no user and password in it/,
    ],
    [
      'the port of the metrics',
      'programPort: { port: 9464 }',
      environment,
      /programPort\.port: found 127\.0\.0\.1:9464, expected an address not yet taken by http/,
    ],
    [
      'a port of phones',
      'programPort: { port: 5060 }',
      environment,
      /listeners\.2\.listen: found tcp:0\.0\.0\.0:5060, expected an address not yet taken by programPort/,
    ],
    ['an unknown key', 'programPort: { prot: 1 }', environment, /did you mean port\?/],
  ])('%s', (_what, text, variables, expected) => {
    write(`${text}\n`);
    const said = problems({}, variables as typeof environment);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(expected);
    expect(said[0]).not.toContain('horse');
  });

  test('IPv6 on a machine without', () => {
    write('programPort: { port: 9022, address: "::1" }\n');
    expect(problems({}, environment, false)).toEqual([
      expect.stringMatching(/programPort\.address: found ::1, expected an IPv4 address/),
    ]);
    expect(problems()).toEqual([]);
  });

  test('a certificate and a key that are not there', () => {
    write('programPort: { port: 1, tls: { enabled: true, certificate: x.pem, key: x.key } }\n');
    expect(problems()).toEqual([
      expect.stringMatching(/programPort\.tls\.certificate: "x\.pem" does not exist$/),
      expect.stringMatching(/programPort\.tls\.key: "x\.key" does not exist$/),
    ]);
  });

  test.each(['127.0.0.1', '127.44.0.9', '::1'])('%s is loopback', (address) => {
    write(`programPort: { port: 9022, address: "${address}" }\n`);
    expect(problems()).toEqual([]);
  });

  test('with TLS it may be reached from anywhere; a certificate is checked like all others', () => {
    const [certificate, key] = [join(routes, 'own.pem'), join(routes, 'own.key')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
        ...['-subj', '/CN=programs', '-days', '2', '-keyout', key, '-out', certificate],
      ],
      { stdio: 'ignore' },
    );
    const tls = `tls: { enabled: true, certificate: ${certificate}, key: ${key} }`;
    write(`programPort: { port: 9022, address: 0.0.0.0, ${tls} }\n`);
    expect(settings().settings.programPort.tls).toEqual({ enabled: true, certificate, key });
    write(`programPort: { port: 9022, ${tls.replace('own.key', 'own.pem')} }\n`);
    expect(problems()[0]).toMatch(/programPort\.tls\.key: .*which is something else/);
  });
});

describe('what is odd, but not wrong, is noted', () => {
  test('a secret for nothing', () => {
    expect(settings().notices).toEqual([
      'DRAWBRIDGE_PROGRAMS_SECRET is set, but programPort.port is null: no program can connect',
    ]);
  });

  test('handlers that are never asked', () => {
    write('programs: { handlers: [{ url: "tcp://127.0.0.1:1" }] }\n');
    expect(settings().notices).toEqual([expect.stringContaining('never asked')]);
  });
});

test('rules and handlers change on reload, the port waits for a restart', () => {
  const running = settings({ set: ['programPort.port=9022'] }).settings;
  const wanted = settings({
    set: ['programPort.port=9023', 'programs.requests.0.user=7*'],
  }).settings;
  const plan = planReload(running, wanted);
  expect(plan.changed).toEqual(['programs']);
  expect(plan.waiting.map(({ key }) => key)).toEqual(['programPort']);
  expect(plan.settings.programPort.port).toBe(9022);
  expect(plan.settings.programs.requests).toHaveLength(1);
});

test('programs come back with their secret until the restart that closes their port', () => {
  const running = settings({ set: ['programPort.port=9022'] }).settings;
  const plan = planReload(running, settings().settings);
  expect(plan.waiting.map(({ key }) => key)).toEqual(['programPort']);
  expect(plan.changed).toEqual([]);
  expect(plan.settings.programs.secret).toBe(secret);
});
