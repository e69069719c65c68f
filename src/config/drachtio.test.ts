import { describe, expect, test } from 'vitest';
import { loadSettings } from './load.ts';
import { showProblem } from './problem.ts';
import { planReload } from './restart.ts';

const environment = { DRAWBRIDGE_DRACHTIO_SECRET: 'cymru' };

const load = (set: string[], drachtio = ['127.0.0.1'], variables: object = environment) =>
  loadSettings({ set, drachtio }, { ...variables }, true, []);

function problems(...given: Parameters<typeof load>): string[] {
  const loaded = load(...given);
  return loaded.ok ? [] : loaded.problems.map(showProblem);
}

function settings(...given: Parameters<typeof load>) {
  const loaded = load(...given);
  if (!loaded.ok) throw new Error(loaded.problems.map(showProblem).join('\n'));
  return loaded;
}

test('servers are tried in order, on 9022 where no port is said, and the gate opens no socket', () => {
  const { drachtio, listeners } = settings([], ['127.0.0.1', '[::1]:19022']).settings;
  expect(drachtio.servers).toEqual([
    { host: '127.0.0.1', port: 9022 },
    { host: '::1', port: 19_022 },
  ]);
  expect(drachtio.secret).toBe('cymru');
  expect(listeners).toEqual([]);
});

test.each([
  ['limits.connections=5', 'found 5 with drachtio.servers'],
  ['limits.messageBytes=5000', 'found 5000 with drachtio.servers'],
  ['listeners=[{listen: "udp:0.0.0.0:5070"}]', 'found listeners with drachtio.servers'],
  ['tls.warnDaysBeforeExpiry=3', 'found 3 with drachtio.servers'],
  ['tls.authorities=/a.pem', 'tls.authorities: found /a.pem with drachtio.servers'],
  ['tls.certificates=[{certificate: a, key: b}]', 'found certificates with drachtio.servers'],
  ['registration.toward=path', 'found path with drachtio.servers'],
  ['registration.keepAlive.by=crlf', 'found crlf with drachtio.servers'],
  ['programs.requests=[{user: "7*", to: pbx}]', 'found requests with drachtio.servers'],
])(
  'what only sockets of our own can do is refused, by the key that asks for it: %s',
  (set, text) => {
    const [problem, ...more] = problems([set]);
    expect(problem).toContain(text);
    expect(more).toEqual([]);
  },
);

test.each([
  ['no variable', {}, 'found no variable DRAWBRIDGE_DRACHTIO_SECRET'],
  ['a bar in it', { DRAWBRIDGE_DRACHTIO_SECRET: 'cym|ru' }, 'of another form (not shown)'],
])('a secret that cannot be used is refused and not shown: %s', (_what, variables, text) => {
  const [problem] = problems([], ['127.0.0.1'], variables);
  expect(problem).toContain('drachtio.secret');
  expect(problem).toContain(text);
  expect(problem).not.toContain('cym|ru');
});

describe('TLS', () => {
  const enabled = 'drachtio.tls.enabled=true';

  test.each([
    ['/nowhere.pem', '"/nowhere.pem" does not exist'],
    ['package.json', 'found "package.json", which is something else'],
  ])('authorities that are none are refused before anything starts: %s', (file, text) => {
    const [problem] = problems([enabled, `drachtio.tls.authorities=${file}`]);
    expect(problem).toContain('drachtio.tls.authorities');
    expect(problem).toContain(text);
  });

  test('authorities without TLS are refused: the secret would pass in the clear', () => {
    const [problem] = problems(['drachtio.tls.authorities=package.json']);
    expect(problem).toContain(
      'drachtio.tls.enabled: found false, expected true, for authorities are named',
    );
  });

  test('a server beyond loopback without it is worth a notice', () => {
    expect(settings([], ['192.0.2.1']).notices).toEqual([
      expect.stringContaining('192.0.2.1:9022 is reached without TLS'),
    ]);
    expect(settings([enabled], ['192.0.2.1']).notices).toEqual([]);
  });
});

test('the same server, or the same listener, twice is refused', () => {
  expect(problems([], ['127.0.0.1', '127.0.0.1:9022'])).toEqual([
    expect.stringContaining('drachtio.servers.1: found 127.0.0.1:9022 again'),
  ]);
  const listener = (realm: string) => `{listen: "udp:192.0.2.1:5060", realm: ${realm}}`;
  expect(problems([`drachtio.listeners=[${listener('core')}, ${listener('access')}]`])).toEqual([
    expect.stringContaining('drachtio.listeners.1: found udp:192.0.2.1:5060 again'),
  ]);
});

test('a server that is named waits for a restart', () => {
  const running = settings([], [], {}).settings;
  const plan = planReload(running, settings([]).settings);
  expect(plan.waiting.map(({ key }) => key)).toEqual(['listeners', 'drachtio']);
  expect(plan.settings).toEqual(running);
});
