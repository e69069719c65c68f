import { expect, test } from 'vitest';
import { loadSettings } from './load.ts';
import { showProblem } from './problem.ts';

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
  [{ set: ['registration.toward=path'] }, 'registration.toward'],
  [{ set: ['registration.keepAlive.by=crlf'] }, 'registration.keepAlive.by'],
])('%j is refused beside a drachtio-server: %s', (flags, key) => {
  const { problems } = load(flags);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(key);
  expect(problems[0]).toContain('drachtio.servers');
});

test.each([
  ['limits.calls', '20'],
  ['limits.transactions', '200'],
  ['registration.keepAlive.everySeconds', '20'],
])('%s holds there as well', (key, value) => {
  expect(load({ set: [`${key}=${value}`] }).problems).toEqual([]);
});

test('a server beyond this machine is warned about unless it is spoken to over TLS', () => {
  expect(load({ drachtio: ['10.0.0.1'] }).notices.join()).toMatch(/10\.0\.0\.1.*without TLS/);
  const secure = { drachtio: ['10.0.0.1'], set: ['drachtio.tls.enabled=true'] };
  expect(load(secure).notices.join()).not.toMatch(/without TLS/);
});
