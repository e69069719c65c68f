import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NameServer, startDnsmasq } from '../../../test/support/dnsmasq.ts';
import { type Candidate, createResolver, type ResolverOptions } from './resolver.ts';

const RECORDS = [
  '--host-record=pbx.test,192.0.2.1,2001:db8::1',
  '--host-record=a.test,192.0.2.10',
  '--host-record=b.test,192.0.2.11',
  '--host-record=c.test,192.0.2.12',
  '--host-record=brief.test,192.0.2.20,1',
  // Points to all it offers; the order decides.
  '--naptr-record=offers.test,20,1,s,SIP+D2T,,_sip._tcp.offers.test',
  '--naptr-record=offers.test,10,2,s,SIP+D2T,,_sip._tcp.offers.test',
  '--naptr-record=offers.test,10,1,s,SIPS+D2T,,_sips._tcp.offers.test',
  '--naptr-record=offers.test,5,1,s,SIP+D2S,,_sip._sctp.offers.test',
  '--naptr-record=offers.test,30,1,s,SIP+D2U,,_sip._udp.offers.test',
  '--srv-host=_sip._tcp.offers.test,a.test,5070',
  '--srv-host=_sips._tcp.offers.test,b.test,5071',
  '--srv-host=_sip._udp.offers.test,c.test,5072',
  // No NAPTR: services only.
  '--srv-host=_sip._udp.services.test,b.test,5062,20,0',
  '--srv-host=_sip._udp.services.test,a.test,5061,10,0',
  '--srv-host=_sip._tcp.services.test,c.test,5063,10,0',
  '--srv-host=_sips._tcp.services.test,c.test,5064,10,0',
  // Spreads its load.
  '--srv-host=_sip._udp.spread.test,a.test,5060,1,80',
  '--srv-host=_sip._udp.spread.test,b.test,5060,1,20',
  '--srv-host=_sip._udp.twice.test,a.test,5060,1,1',
  '--srv-host=_sip._udp.twice.test,a.test,5060,2,1',
];

let dns: NameServer;
beforeAll(async () => {
  dns = await startDnsmasq(RECORDS);
});
afterAll(() => dns.stop());

const asked = () => dns.asked();
const noHosts = async () => new Map<string, readonly string[]>();
const resolver = (options: ResolverOptions = {}) =>
  createResolver({ servers: [dns], hosts: noHosts, ...options });
const said = (candidates: readonly Candidate[] | undefined) =>
  candidates?.map(({ transport, address, port, serverName }) =>
    [transport, address, port, ...(serverName ? [serverName] : [])].join(' '),
  );
const resolve = async (nextHop: Parameters<ReturnType<typeof createResolver>['resolve']>[0]) =>
  said(await resolver().resolve(nextHop));

describe('an address', () => {
  test.each([
    ['192.0.2.7', undefined, undefined, false, 'udp 192.0.2.7 5060'],
    ['192.0.2.7', 5080, undefined, false, 'udp 192.0.2.7 5080'],
    ['192.0.2.7', undefined, 'tcp', false, 'tcp 192.0.2.7 5060'],
    ['192.0.2.7', undefined, 'tls', false, 'tls 192.0.2.7 5061'],
    ['192.0.2.7', undefined, undefined, true, 'tls 192.0.2.7 5061'],
    ['192.0.2.7', 5080, 'tcp', true, 'tls 192.0.2.7 5080'],
    ['192.0.2.7', undefined, 'ws', true, 'wss 192.0.2.7 443'],
    ['[2001:db8::7]', undefined, undefined, false, 'udp 2001:db8::7 5060'],
    ['2001:db8::7', 5080, 'tcp', false, 'tcp 2001:db8::7 5080'],
  ] as const)('%s port %s transport %s secure %s is known at once', (...parameters) => {
    const [host, port, transport, secure, expected] = parameters;
    expect(said(resolver().resolveNow({ host, port, transport, secure }))).toEqual([expected]);
  });

  test('is never asked about', async () => {
    const before = await asked();
    await resolve({ host: '192.0.2.7', secure: false });
    expect(await asked()).toEqual(before);
  });
});

test('sips: over UDP leads nowhere', async () => {
  expect(await resolve({ host: 'pbx.test', transport: 'udp', secure: true })).toEqual([]);
  expect(resolver().resolveNow({ host: '192.0.2.7', transport: 'udp', secure: true })).toEqual([]);
});

describe('a name with a port', () => {
  test('is looked up as a host, both families, without asking for services', async () => {
    const before = await asked();
    expect(await resolve({ host: 'pbx.test', port: 5090, secure: false })).toEqual([
      'udp 192.0.2.1 5090',
      'udp 2001:db8::1 5090',
    ]);
    expect((await asked()).slice(before.length).sort()).toEqual(['A pbx.test', 'AAAA pbx.test']);
  });

  test('over TLS is held to that name', async () => {
    expect(await resolve({ host: 'A.Test.', port: 5090, secure: true })).toEqual([
      'tls 192.0.2.10 5090 a.test',
    ]);
  });
});

describe('a name without a port', () => {
  test('goes where NAPTR points first, among what we speak, and to nothing ranked below', async () => {
    expect(await resolve({ host: 'offers.test', secure: false })).toEqual([
      'tls 192.0.2.11 5071 offers.test',
      'tcp 192.0.2.10 5070',
    ]);
    const plain = resolver({ transports: ['udp'] });
    expect(said(await plain.resolve({ host: 'offers.test', secure: false }))).toEqual([
      'udp 192.0.2.12 5072',
    ]);
  });

  test('with sips: takes only the secure services', async () => {
    expect(await resolve({ host: 'offers.test', secure: true })).toEqual([
      'tls 192.0.2.11 5071 offers.test',
    ]);
    expect(await resolve({ host: 'services.test', secure: true })).toEqual([
      'tls 192.0.2.12 5064 services.test',
    ]);
  });

  test('without NAPTR goes to its services, by our preference and their priority', async () => {
    expect(await resolve({ host: 'services.test', secure: false })).toEqual([
      'udp 192.0.2.10 5061',
      'udp 192.0.2.11 5062',
      'tcp 192.0.2.12 5063',
      'tls 192.0.2.12 5064 services.test',
    ]);
  });

  test('with a transport asks for that service only', async () => {
    const before = await asked();
    expect(await resolve({ host: 'services.test', transport: 'tcp', secure: false })).toEqual([
      'tcp 192.0.2.12 5063',
    ]);
    expect((await asked()).slice(before.length)).not.toContain('NAPTR services.test');
  });

  test('without services goes to the host on the default port', async () => {
    expect(await resolve({ host: 'a.test', secure: false })).toEqual(['udp 192.0.2.10 5060']);
    expect(await resolve({ host: 'a.test', transport: 'tcp', secure: false })).toEqual([
      'tcp 192.0.2.10 5060',
    ]);
    expect(await resolve({ host: 'a.test', secure: true })).toEqual(['tls 192.0.2.10 5061 a.test']);
  });

  test('spreads its load by weight, anew for each request, from the cache too', async () => {
    const spreading = resolver();
    await spreading.resolve({ host: 'spread.test', transport: 'udp', secure: false });
    let first = 0;
    for (let n = 0; n < 2000; n++) {
      const found = spreading.resolveNow({ host: 'spread.test', transport: 'udp', secure: false });
      expect(found).toHaveLength(2);
      if (found?.[0]?.address === '192.0.2.10') first++;
    }
    expect(first / 2000).toBeGreaterThan(0.74);
    expect(first / 2000).toBeLessThan(0.86);
  });

  test('never names an address twice', async () => {
    expect(await resolve({ host: 'twice.test', secure: false })).toEqual(['udp 192.0.2.10 5060']);
  });

  test('that does not exist leads nowhere, and is not asked for again', async () => {
    const asking = resolver();
    expect(await asking.resolve({ host: 'none.test', secure: false })).toEqual([]);
    const before = await asked();
    expect(asking.resolveNow({ host: 'none.test', secure: false })).toEqual([]);
    expect(await asked()).toEqual(before);
  });

  test.each([
    '',
    '.',
    'a..b',
    'a b',
    'a\r\nb',
    'ex/ample.test',
    `${'a'.repeat(64)}.test`,
    '[::1',
    'é.test',
  ])('that is none, %j, leads nowhere and is never asked for', async (host) => {
    const before = await asked();
    expect(resolver().resolveNow({ host, secure: false })).toEqual([]);
    expect(await asked()).toEqual(before);
  });
});

describe('names of the machine itself', () => {
  test('localhost needs no DNS', async () => {
    const nobody = createResolver({ servers: [], hosts: noHosts });
    expect(said(await nobody.resolve({ host: 'localhost', port: 5060, secure: false }))).toEqual([
      'udp 127.0.0.1 5060',
      'udp ::1 5060',
    ]);
    expect(said(await nobody.resolve({ host: 'localhost', secure: false }))).toEqual([
      'udp 127.0.0.1 5060',
      'udp ::1 5060',
    ]);
  });

  test('the hosts file outranks DNS', async () => {
    const hosts = async () => new Map([['pbx.test', ['198.51.100.9']]]);
    const own = resolver({ hosts });
    expect(said(await own.resolve({ host: 'pbx.test', port: 5060, secure: false }))).toEqual([
      'udp 198.51.100.9 5060',
    ]);
  });

  test('the system is asked for a name without a dot', async () => {
    const system = createResolver({ hosts: noHosts });
    const found = await system.resolve({
      host: 'ip6-localhost-or-none',
      port: 5060,
      secure: false,
    });
    expect(Array.isArray(found)).toBe(true);
  });
});

describe('the cache', () => {
  test('answers at once what was resolved before, until it expires', async () => {
    const clock = { ms: 0 };
    const cached = resolver({ now: () => clock.ms });
    const hop = { host: 'brief.test', port: 5060, secure: false };
    expect(cached.resolveNow(hop)).toBeUndefined();
    await cached.resolve(hop);
    expect(said(cached.resolveNow(hop))).toEqual(['udp 192.0.2.20 5060']);
    clock.ms += 1001;
    expect(cached.resolveNow(hop)).toBeUndefined();
  });

  test('asks once for what many wait for', async () => {
    const before = await asked();
    const cached = resolver();
    const hop = { host: 'c.test', port: 5060, secure: false };
    await Promise.all(Array.from({ length: 50 }, () => cached.resolve(hop)));
    expect((await asked()).slice(before.length).sort()).toEqual(['A c.test', 'AAAA c.test']);
  });

  test('is bounded', async () => {
    const cached = resolver({ maxEntries: 10 });
    for (let n = 0; n < 30; n++)
      await cached.resolve({ host: `n${n}.test`, port: 1, secure: false });
    expect(cached.cached).toBe(10);
  });

  test('outlives the death of the DNS server, and takes its answers again when it is back', async () => {
    const mortal = await startDnsmasq(['--host-record=brief.test,192.0.2.20,1']);
    const clock = { ms: 0 };
    const failures: unknown[] = [];
    const cached = createResolver({
      servers: [mortal],
      hosts: noHosts,
      now: () => clock.ms,
      timeoutMs: 200,
      staleSeconds: 600,
      onFailure: (problem) => failures.push(problem),
    });
    const hop = { host: 'brief.test', port: 5060, secure: false };
    const old = ['udp 192.0.2.20 5060'];
    expect(said(await cached.resolve(hop))).toEqual(old);

    await mortal.stop();
    clock.ms += 2000;
    expect(said(await cached.resolve(hop))).toEqual(old);
    expect(failures.length).toBeGreaterThan(0);
    clock.ms += 60_000;
    expect(said(await cached.resolve(hop))).toEqual(old);
    clock.ms += 60_000;
    expect(said(cached.resolveNow(hop)), 'nobody waits for a dead server').toEqual(old);
    expect(await cached.resolve({ ...hop, host: 'never-heard-of.test' })).toEqual([]);

    const back = await startDnsmasq(['--host-record=brief.test,192.0.2.21,1'], mortal.port);
    try {
      clock.ms += 10_000;
      await expect
        .poll(() => {
          clock.ms += 5000;
          return said(cached.resolveNow(hop));
        })
        .not.toEqual(old);
      expect(said(await cached.resolve(hop))).toEqual(['udp 192.0.2.21 5060']);
    } finally {
      await back.stop();
    }
  });
});
