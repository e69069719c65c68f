import { describe, expect, test } from 'vitest';
import { fromEnvironment, fromFlags, overlay, settingsIn, withSettings } from './overrides.ts';

describe('flags', () => {
  test('--listen takes a realm and an advertised host', () => {
    expect(
      fromFlags({ listen: ['udp:10.0.0.1:5060@trunk=sip.example.com', 'tls:[::]:5061'] }).overrides,
    ).toEqual([
      {
        path: ['listeners'],
        origin: '--listen',
        value: [
          { listen: 'udp:10.0.0.1:5060', realm: 'trunk', advertise: 'sip.example.com' },
          { listen: 'tls:[::]:5061' },
        ],
      },
    ]);
  });

  test('--pbx may give a node a name', () => {
    const [override] = fromFlags({
      pbx: ['main=sip:192.0.2.1', 'sip:192.0.2.2;transport=tcp'],
    }).overrides;
    expect(override?.value).toEqual([
      { name: 'main', uri: 'sip:192.0.2.1' },
      { uri: 'sip:192.0.2.2;transport=tcp' },
    ]);
  });

  test.each([
    ['127.0.0.2:9000', ['127.0.0.2', 9000]],
    ['[::1]:9000', ['::1', 9000]],
    ['9000', [9000]],
  ])('--http %s', (http, values) => {
    expect(fromFlags({ http }).overrides.map(({ value }) => value)).toEqual(values);
  });

  test.each([
    ['pbx.health.everySeconds=5', ['pbx', 'health', 'everySeconds'], 5],
    ['listeners.0.realm=core', ['listeners', 0, 'realm'], 'core'],
    ['pbx.sources=[192.0.2.0/24]', ['pbx', 'sources'], ['192.0.2.0/24']],
    ['pbx.trunkHeader=null', ['pbx', 'trunkHeader'], null],
    ['dataDirectory=a=b', ['dataDirectory'], 'a=b'],
    ['outbound.no-guests.mode=off', ['outbound', 'no-guests', 'mode'], 'off'],
    ['extensions.list.1001.devices=2', ['extensions', 'list', '1001', 'devices'], 2],
    [
      'extensions.groups.sales.countries=[AT]',
      ['extensions', 'groups', 'sales', 'countries'],
      ['AT'],
    ],
  ])('--set %s', (text, path, value) => {
    expect(fromFlags({ set: [text] })).toEqual({
      overrides: [{ path, value, origin: '--set' }],
      problems: [],
    });
  });

  test.each([
    ['pbx.helth.everySeconds=5', '"helth"', '(did you mean health?)'],
    ['extensions.list.1001.devises=2', '"devises"', '(did you mean devices?)'],
    ['extensions.list.__proto__.devices=2', '"__proto__"', 'a name'],
    ['http.port.low=5', 'unknown key "low"', 'no key below a single value'],
    ['listeners.first.realm=core', 'unknown key "first"', 'the number of an entry'],
    ['__proto__.x=1', 'unknown key "__proto__"', 'one of dataDirectory'],
    ['pbx', 'found "pbx"', 'key=value'],
    ['http.port=[', 'not YAML', 'a value'],
  ])('--set %s is refused', (text, ...said) => {
    const { overrides, problems } = fromFlags({ set: [text] });
    expect(overrides).toEqual([]);
    expect(problems).toHaveLength(1);
    for (const words of said) expect(problems[0]?.text).toContain(words);
  });
});

describe('the environment', () => {
  test('names any key, in capitals', () => {
    expect(fromEnvironment({ DRAWBRIDGE_PBX__HEALTH__EVERY_SECONDS: '7' }).overrides).toEqual([
      {
        path: ['pbx', 'health', 'everySeconds'],
        value: 7,
        origin: 'DRAWBRIDGE_PBX__HEALTH__EVERY_SECONDS',
      },
    ]);
  });

  test('has short names, with several values apart by spaces or commas', () => {
    const { overrides } = fromEnvironment({
      DRAWBRIDGE_PBX: 'sip:a, sip:b',
      DRAWBRIDGE_DATA: '/var/lib/x',
    });
    expect(overrides.map(({ value }) => value)).toEqual([
      '/var/lib/x',
      [{ uri: 'sip:a' }, { uri: 'sip:b' }],
    ]);
  });

  test('refines what a short name said', () => {
    const { overrides } = fromEnvironment({
      DRAWBRIDGE_PBX__NODES__0__WEIGHT: '3',
      DRAWBRIDGE_PBX: 'sip:a',
    });
    expect(overlay({}, overrides)).toEqual({ pbx: { nodes: [{ uri: 'sip:a', weight: 3 }] } });
  });

  test('an empty variable is not set', () => {
    expect(fromEnvironment({ DRAWBRIDGE_DATA: '' })).toEqual({ overrides: [], problems: [] });
  });

  test('a variable nobody knows is refused, with a suggestion', () => {
    expect(fromEnvironment({ DRAWBRIDGE_LISTN: 'x' }).problems).toEqual([
      { where: 'DRAWBRIDGE_LISTN', text: 'unknown variable (did you mean DRAWBRIDGE_LISTEN?)' },
    ]);
    expect(fromEnvironment({ DRAWBRIDGE_HTTP__PROT: '1' }).problems[0]?.text).toContain(
      'did you mean PORT?',
    );
  });

  test('what Kubernetes writes for a service called drawbridge is not ours', () => {
    const kubernetes = {
      DRAWBRIDGE_PORT_5060_UDP_ADDR: '10.0.0.1',
      DRAWBRIDGE_SERVICE_HOST: '10.0.0.1',
    };
    expect(fromEnvironment(kubernetes)).toEqual({ overrides: [], problems: [] });
  });
});

test('an override leaves the tree it is put over alone', () => {
  const tree = { http: { port: 1, address: 'a' } };
  expect(overlay(tree, [{ path: ['http', 'port'], value: 2, origin: '' }])).toEqual({
    http: { port: 2, address: 'a' },
  });
  expect(tree.http.port).toBe(1);
});

test('variables that set something are told from secrets and from those of others', () => {
  const settings = {
    DRAWBRIDGE_PBX: 'sip:192.0.2.1',
    DRAWBRIDGE_SITE__HOME_COUNTRY: 'DE',
    DRAWBRIDGE_DATA: 'data',
  };
  const others = {
    DRAWBRIDGE_SMTP_PASSWORD: 'a-secret',
    DRAWBRIDGE_APIBAN_KEY: 'a-key',
    DRAWBRIDGE_SERVICE_HOST: '10.0.0.1',
    PATH: '/usr/bin',
  };
  expect(settingsIn({ ...settings, ...others }, [])).toEqual(settings);
  expect(settingsIn(settings, ['DRAWBRIDGE_SITE__HOME_COUNTRY'])).not.toHaveProperty(
    'DRAWBRIDGE_SITE__HOME_COUNTRY',
  );
  const its = { DRAWBRIDGE_TRUNK: 'sip:192.0.2.8' };
  expect(withSettings({ ...settings, ...others }, its)).toEqual({ ...others, ...its });
});
