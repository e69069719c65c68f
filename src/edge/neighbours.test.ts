import { describe, expect, test } from 'vitest';
import type { EdgeSettings } from './edge-settings.ts';
import { Neighbours } from './neighbours.ts';
import type { Listener, Place, Realm, Transport } from './signaling.ts';

interface Around {
  readonly nodes?: readonly string[];
  readonly sources?: readonly string[];
  readonly trunks?: readonly { readonly uri: string; readonly sources?: readonly string[] }[];
  /** What DNS says of a URI that names a host. */
  readonly dns?: (uri: string) => readonly Place[];
}

function around({ nodes = [], sources = [], trunks = [], dns = () => [] }: Around): Neighbours {
  const settings: Pick<EdgeSettings, 'pbx' | 'trunks'> = {
    pbx: {
      nodes: nodes.map((uri) => ({ name: uri, uri, weight: 1, drain: false })),
      health: { everySeconds: 5, timeoutSeconds: 2, downAfter: 2, upAfter: 2 },
      tryNextAfterMs: 3000,
      sources,
    },
    trunks: trunks.map(({ uri, sources: more = [] }) => ({ name: uri, uri, sources: more })),
  };
  const neighbours = new Neighbours(settings, async (uri) => dns(uri));
  neighbours.close();
  return neighbours;
}

const listener = (realm: Realm, transport: Transport): Listener => ({
  name: 'a listener',
  transport,
  address: '0.0.0.0',
  port: 5060,
  realm,
  advertised: { host: '0.0.0.0', port: 5060 },
});

/** `udp 192.0.2.1 5060` */
function realm(neighbours: Neighbours, source: string, of: Realm = 'access'): Realm {
  const [transport = '', address = '', port = ''] = source.split(' ');
  const known = (['udp', 'tcp', 'tls', 'ws', 'wss'] as const).find((one) => one === transport);
  if (known === undefined) throw new Error(source);
  return neighbours.realmOf({
    listener: listener(of, known),
    transport: known,
    address,
    port: Number(port),
  });
}

describe('the PBX', () => {
  test.each([
    ['sip:192.0.2.10', 'udp 192.0.2.10 5060', 'core'],
    ['sip:192.0.2.10:5080', 'udp 192.0.2.10 5080', 'core'],
    ['sip:192.0.2.10:5080', 'udp 192.0.2.10 5060', 'access'],
    ['sip:192.0.2.10:5080', 'udp 192.0.2.1 5080', 'access'],
    ['sip:192.0.2.10', 'tcp 192.0.2.10 41234', 'access'],
    ['sip:192.0.2.10;transport=tcp', 'tcp 192.0.2.10 41234', 'core'],
    ['sip:192.0.2.10;transport=TCP', 'tcp 192.0.2.10 41234', 'core'],
    ['sip:192.0.2.10;transport=tcp', 'tls 192.0.2.10 41234', 'access'],
    ['sip:192.0.2.10;transport=tls', 'tls 192.0.2.10 41234', 'core'],
    ['sips:192.0.2.10', 'tls 192.0.2.10 41234', 'core'],
    ['sip:192.0.2.10;transport=tcp', 'ws 192.0.2.10 41234', 'access'],
    ['sip:[2001:db8::10]:5080', 'udp 2001:db8::10 5080', 'core'],
    ['sip:[2001:DB8:0::10]', 'udp 2001:db8::10 5060', 'core'],
    ['sip:[2001:db8::10];transport=tcp', 'tcp 2001:db8::10 9', 'core'],
    ['not a uri', 'udp 192.0.2.10 5060', 'access'],
  ])('at %s: what comes by %s is of %s', (node, source, expected) => {
    expect(realm(around({ nodes: [node] }), source)).toBe(expected);
  });

  test.each([
    ['192.0.2.10', 'udp 192.0.2.10 9'],
    ['192.0.2.0/24', 'tls 192.0.2.77 9'],
    ['192.0.2.0/255.255.255.0', 'wss 192.0.2.77 9'],
    ['2001:db8::/64', 'udp 2001:db8::77 9'],
  ])('speaks from %s too, by any transport and port', (source, from) => {
    expect(realm(around({ sources: [source] }), from)).toBe('core');
  });

  test('outranks a trunk at the same address', () => {
    const both = around({ nodes: ['sip:192.0.2.10'], trunks: [{ uri: 'sip:192.0.2.10:5070' }] });
    expect(realm(both, 'udp 192.0.2.10 5060')).toBe('core');
    expect(realm(both, 'udp 192.0.2.10 5070')).toBe('trunk');
  });
});

describe('a trunk', () => {
  test.each(['udp 198.51.100.1 5060', 'udp 198.51.100.1 9', 'tls 198.51.100.1 9'])(
    'is known by its address alone: %s',
    (source) => {
      expect(realm(around({ trunks: [{ uri: 'sip:198.51.100.1' }] }), source)).toBe('trunk');
    },
  );

  test('is known by the sources it was given, and by its own', () => {
    const trunks = [{ uri: 'sip:[2001:db8::5]', sources: ['198.51.100.0/28', '203.0.113.7'] }];
    for (const source of ['udp 2001:db8::5 5060', 'udp 198.51.100.15 1', 'tcp 203.0.113.7 1'])
      expect(realm(around({ trunks }), source)).toBe('trunk');
    expect(realm(around({ trunks }), 'udp 198.51.100.16 1')).toBe('access');
  });
});

test.each(['access', 'core', 'trunk'] as const)(
  'whom nobody knows is a stranger, whosever listener he found: %s',
  (of) => {
    expect(realm(around({ nodes: ['sip:192.0.2.10'] }), 'udp 192.0.2.99 5060', of)).toBe('access');
  },
);

test.each([
  ['the PBX, from whatever port', 'core', 'udp 192.0.2.10 40000', 'core'],
  ['what pbx.sources names', 'core', 'udp 192.0.2.20 5060', 'core'],
  ['a trunk', 'trunk', 'udp 198.51.100.7 5060', 'trunk'],
] as const)('at a listener of its own %s is known by its address', (_who, of, source, expected) => {
  const neighbours = around({
    nodes: ['sip:192.0.2.10'],
    sources: ['192.0.2.20'],
    trunks: [{ uri: 'sip:198.51.100.7' }],
  });
  expect(realm(neighbours, source, of)).toBe(expected);
});

test('a PBX on the machine of the gate may call a listener of its own from the address that this has', () => {
  const address = '192.0.2.1';
  const own = { ...listener('core', 'udp'), address };
  const source = { listener: own, transport: 'udp', address, port: 5080 } as const;
  expect(around({ nodes: ['sip:127.0.0.1:5080'] }).realmOf(source)).toBe('core');
});

describe('who is given by name', () => {
  const at = (transport: Transport, address: string, port: number): Place => ({
    transport,
    address,
    port,
  });

  test('is known by where requests to it go: by each address, port and transport', async () => {
    const found = [at('tcp', '192.0.2.10', 5080), at('udp', '2001:db8::10', 5070)];
    const named = around({ nodes: ['sip:pbx.test'], dns: () => found });
    await named.known;
    for (const source of ['tcp 192.0.2.10 41234', 'udp 192.0.2.10 5080', 'udp 2001:db8::10 5070'])
      expect(realm(named, source), source).toBe('core');
    for (const source of ['tls 192.0.2.10 41234', 'tcp 2001:db8::10 9', 'udp 2001:db8::10 5080'])
      expect(realm(named, source), source).toBe('access');
    expect(named.includes('192.0.2.10')).toBe(true);
    expect([named.isPbx('192.0.2.10', 5070), named.isPbx('pbx.test', 5071)]).toEqual([true, false]);
  });

  test('is asked about by the whole URI; trunks too', async () => {
    const dns = (uri: string) =>
      uri === 'sips:carrier.test' ? [at('tls', '192.0.2.1', 5061)] : [];
    const named = around({
      trunks: [{ uri: 'sip:carrier.test' }, { uri: 'sips:carrier.test' }],
      dns,
    });
    await named.known;
    expect(realm(named, 'udp 192.0.2.1 9')).toBe('trunk');
  });
});

describe('who may be sent to', () => {
  const neighbours = around({
    nodes: ['sip:192.0.2.10:5080', 'sip:PBX.test', 'sip:[2001:DB8::10]'],
    sources: ['192.0.2.128/25'],
    trunks: [{ uri: 'sip:carrier.test', sources: ['198.51.100.0/24'] }],
  });

  test.each([
    '192.0.2.10',
    'pbx.test',
    'PBX.TEST',
    '192.0.2.200',
    '2001:db8::10',
    '[2001:db8:0::10]',
    'carrier.test',
    '198.51.100.9',
  ])('%s is one of them', (host) => {
    expect(neighbours.includes(host)).toBe(true);
  });

  test.each(['', '192.0.2.11', 'pbx.test.evil.test', 'evil.test', '::', '[::1]', '127.0.0.1'])(
    '%j is not',
    (host) => {
      expect(neighbours.includes(host)).toBe(false);
      expect(neighbours.isPbx(host, 5060)).toBe(false);
    },
  );

  test.each([
    ['192.0.2.10', 5080, true],
    ['192.0.2.10', 5060, true],
    ['pbx.test', 5061, true],
    ['[2001:db8::10]', 5060, true],
    ['192.0.2.200', 5080, true],
    ['192.0.2.10', 5038, false],
    ['192.0.2.200', 22, false],
    ['carrier.test', 5060, false],
    ['198.51.100.9', 5060, false],
  ])(
    'a phone’s word leads to the PBX where it speaks SIP, and nowhere else: %s:%i %s',
    (host, port, may) => {
      expect(neighbours.isPbx(host, port)).toBe(may);
    },
  );
});
