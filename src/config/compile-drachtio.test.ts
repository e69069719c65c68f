import { expect, test } from 'vitest';
import { loadSettings } from './load.ts';
import { showProblem } from './problem.ts';
import { planReload } from './restart.ts';

const environment = { DRAWBRIDGE_DRACHTIO_SECRET: 'cymru' };

function load(flags: object, variables: Record<string, string> = environment) {
  const loaded = loadSettings({ drachtio: ['127.0.0.1'], ...flags }, variables, true, []);
  return loaded.ok
    ? { settings: loaded.settings, notices: loaded.notices, problems: [] }
    : { settings: undefined, notices: [], problems: loaded.problems.map(showProblem) };
}

test('servers by flag or variable, with the port of drachtio unless another is given', () => {
  expect(load({ drachtio: ['a.example', '[::1]:9023'] }).settings?.drachtio).toMatchObject({
    servers: [
      { host: 'a.example', port: 9022 },
      { host: '::1', port: 9023 },
    ],
    secret: 'cymru',
  });
  const variables = { ...environment, DRAWBRIDGE_DRACHTIO: '10.0.0.1:9000 10.0.0.2' };
  const loaded = loadSettings({}, variables, true, []);
  expect(loaded.ok && loaded.settings.drachtio.servers).toEqual([
    { host: '10.0.0.1', port: 9000 },
    { host: '10.0.0.2', port: 9022 },
  ]);
});

test('no sockets of our own are opened, so none can be in the way of the PBX', () => {
  const { settings, problems } = load({ pbx: ['sip:127.0.0.1:5060'] });
  expect([settings?.listeners, problems]).toEqual([[], []]);
});

test('a secret that is missing is named, and one that is there never shown', () => {
  expect(load({}, {}).problems).toEqual([
    expect.stringMatching(/drachtio\.secret: found no variable DRAWBRIDGE_DRACHTIO_SECRET/),
  ]);
  const { problems } = load({}, { DRAWBRIDGE_DRACHTIO_SECRET: 'has|a-bar' });
  expect(problems.join()).toContain('not shown');
  expect(problems.join()).not.toContain('a-bar');
});

test.each([
  [{ listen: ['udp:127.0.0.1:5060'] }, 'listeners'],
  [{ set: ['tls.warnDaysBeforeExpiry=3'] }, 'tls'],
  [{ set: ['limits.idleSeconds=60'] }, 'limits.idleSeconds'],
  [{ set: ['pbx.registration.toward=path'] }, 'pbx.registration.toward'],
  [{ set: ['pbx.registration.keepAlive.by=crlf'] }, 'pbx.registration.keepAlive.by'],
])('%j is refused beside a drachtio-server: %s', (flags, key) => {
  const { problems } = load(flags);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(key);
  expect(problems[0]).toContain('drachtio.servers');
});

test.each([
  ['limits.calls', '20'],
  ['limits.transactions', '200'],
  ['pbx.registration.keepAlive.everySeconds', '20'],
])('%s holds there as well', (key, value) => {
  expect(load({ set: [`${key}=${value}`] }).problems).toEqual([]);
});

test('a server beyond this machine is warned about unless it is spoken to over TLS', () => {
  expect(load({ drachtio: ['10.0.0.1'] }).notices.join()).toMatch(/10\.0\.0\.1.*without TLS/);
  expect(load({ drachtio: ['127.example.org'] }).notices.join()).toMatch(/without TLS/);
  const secure = { drachtio: ['10.0.0.1'], set: ['drachtio.tls.enabled=true'] };
  expect(load(secure).notices.join()).not.toMatch(/without TLS/);
});

test.each([
  ['tls.authorities=/a.pem', 'tls.authorities: found /a.pem with'],
  ['tls.certificates=[{certificate: a, key: b}]', 'tls.certificates: found certificates with'],
  ['programs.requests=[{user: "7*", to: pbx}]', 'programs.requests: found requests with'],
])('what is refused is named to the key: %s', (set, text) => {
  const [problem, ...more] = load({ set: [set] }).problems;
  expect(problem).toContain(`${text} drachtio.servers`);
  expect(more).toEqual([]);
});

test.each([
  ['/nowhere.pem', '"/nowhere.pem" does not exist'],
  ['package.json', 'found "package.json", which is something else'],
])('authorities that are none are refused before anything starts: %s', (file, text) => {
  const set = ['drachtio.tls.enabled=true', `drachtio.tls.authorities=${file}`];
  const [problem] = load({ set }).problems;
  expect(problem).toContain('drachtio.tls.authorities');
  expect(problem).toContain(text);
});

test('authorities without TLS are refused: the secret would pass in the clear', () => {
  const [problem] = load({ set: ['drachtio.tls.authorities=package.json'] }).problems;
  expect(problem).toContain(
    'drachtio.tls.enabled: found false, expected true, for authorities are named',
  );
});

test('the same server, or the same listener, twice is refused', () => {
  expect(load({ drachtio: ['127.0.0.1', '127.0.0.1:9022'] }).problems).toEqual([
    expect.stringContaining('drachtio.servers.1: found 127.0.0.1:9022 again'),
  ]);
  const listener = (realm: string) => `{listen: "udp:192.0.2.1:5060", realm: ${realm}}`;
  const set = [`drachtio.listeners=[${listener('core')}, ${listener('access')}]`];
  expect(load({ set }).problems).toEqual([
    expect.stringContaining('drachtio.listeners.1: found udp:192.0.2.1:5060 again'),
  ]);
});

test('a server that is named waits for a restart', () => {
  const { settings: running } = load({ drachtio: [] }, {});
  const { settings: wanted } = load({});
  if (running === undefined || wanted === undefined) throw new Error('these settings are wrong');
  const plan = planReload(running, wanted);
  expect(plan.waiting.map(({ key }) => key)).toEqual(['listeners', 'drachtio']);
  expect(plan.settings).toEqual(running);
});
