import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aPbx } from '../../test/support/a-pbx.ts';
import { ownAddress } from '../../test/support/own-address.ts';
import { startRedis } from '../../test/support/redis-server.ts';
import { loadSettings } from '../config/load.ts';
import type { KernelStatus } from '../control/kernel/kernel-status.ts';
import type { Candidate } from '../engine/resolve/resolver.ts';
import { issueCertificate } from '../engine/transport/certificate/issue-certificate.ts';
import { checkCertificates } from './check-certificates.ts';
import { checkClock } from './check-clock.ts';
import { checkDisk } from './check-disk.ts';
import { checkDns } from './check-dns.ts';
import { checkFail2ban } from './check-fail2ban.ts';
import { checkGate, checkKernel } from './check-gate.ts';
import { checkLimits } from './check-limits.ts';
import { checkNotifications } from './check-notifications.ts';
import { askFromOthers, checkPbx } from './check-pbx.ts';
import { checkPolicy } from './check-policy.ts';
import { checkPorts } from './check-ports.ts';
import { checkRedis } from './check-redis.ts';
import { examine } from './doctor.ts';
import type { Check, Finding } from './finding.ts';

const DAY_MS = 86_400_000;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function settingsWith(...set: string[]) {
  const loaded = loadSettings({ set, data: join(folder, 'data') }, {}, true);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.settings;
}

/** What a check says, a line each: `bad: what was seen`. */
async function said(
  check: Check,
  set: readonly string[] = [],
  root = '/',
): Promise<readonly string[]> {
  const findings = await check({ settings: settingsWith(...set), status: undefined, root });
  return findings.map(({ level, saw }) => `${level}: ${saw}`);
}

function write(path: string, text: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const node = (address: string, port: number): string =>
  `pbx.nodes=[{name: a, uri: "sip:${address}:${port}"}]`;

describe('the kernel', () => {
  const refusing = {
    ...{
      table: 'drawbridge_1',
      hook: 'ingress' as const,
      devices: ['eth0'],
      why: undefined,
      repairs: 0,
    },
    elements: { blocked: 0, unproven: 0, listed: 0, known: 0 },
    dropped: {
      ...{ 'blocked-sources': 0, 'automatic-defence': 0, firewall: 0 },
      ...{ 'drop-all': 0, 'strangers-share': 0 },
    },
  };
  const saying = (about: Partial<KernelStatus>) => {
    const { level, saw } = checkKernel({ ...refusing, ...about });
    return `${level}: ${saw}`;
  };

  test('that refuses is said, with where', () => {
    expect(saying({})).toBe('ok: it refuses at ingress of eth0');
    expect(saying({ hook: 'prerouting', why: 'no ingress here' })).toBe(
      'ok: it refuses before routing: no ingress here',
    );
  });

  test('that does not, or is undone by others, deserves a look', () => {
    expect(saying({ hook: 'none', why: 'nft is missing' })).toBe(
      'warn: it refuses nothing for the gate: nft is missing',
    );
    expect(saying({ repairs: 3 })).toMatch(/^warn: the table was not as the gate left it, 3 times/);
  });
});

describe('the PBX', () => {
  test('that answers is said, with the address that it sees', async () => {
    const pbx = await aPbx({ address: ownAddress() });
    const [first, second] = await said(checkPbx, [node(pbx.address, pbx.port)]);
    expect(first).toMatch(
      new RegExp(
        `^ok: a \\(udp ${pbx.address}:${pbx.port}\\) answers 127\\.0\\.0\\.1 with 200 after`,
      ),
    );
    expect(second).toBe(`ok: the PBX waits at ${pbx.port}/udp on ${pbx.address} only`);
    await pbx.close();
  });

  test('over TCP and over TLS too', async () => {
    const pbx = await aPbx({ address: ownAddress(), tls: true });
    for (const uri of [`${pbx.uri};transport=tcp`, pbx.secureUri]) {
      const [first] = await said(checkPbx, [`pbx.nodes=[{name: a, uri: "${uri}"}]`]);
      expect(first).toMatch(/^ok: a \(t.. .*\) answers .* with 200/);
    }
    await pbx.close();
  });

  test('that does not is bad', async () => {
    const [only] = await said(checkPbx, [node(ownAddress(), 9)]);
    expect(only).toMatch(/^bad: a \(udp .*:9\) does not answer/);
  });

  test('that waits on every address of this machine can be reached around the gate', async () => {
    const socket = createSocket('udp4');
    socket.bind(0, '0.0.0.0');
    await once(socket, 'listening');
    const { port } = socket.address();
    const findings = await said(checkPbx, [node('127.0.0.1', port)]);
    expect(findings).toContainEqual(
      expect.stringMatching(`^(bad|warn): the PBX waits at ${port}/udp on every address`),
    );
    socket.close();
  });

  test('that answers another address than the gate’s does so to everybody', async () => {
    const pbx = await aPbx({ address: ownAddress() });
    const place: Candidate = { transport: 'udp', address: pbx.address, port: pbx.port };
    const [gate, other] = [ownAddress(), ownAddress()];
    expect(await askFromOthers('a', place, gate, [other])).toMatchObject({
      level: 'bad',
      saw: `a answers ${other} too, which is not the gate`,
      todo: expect.stringContaining(`let it hear ${gate} only`),
    });
    await pbx.close();
    expect(await askFromOthers('a', place, gate, [other])).toMatchObject({ level: 'ok' });
  }, 15_000);
});

describe('fail2ban', () => {
  const jail = '[DEFAULT]\nignoreip = 127.0.0.1/32\n\n[asterisk]\nport = 5060\n';
  const check = () => said(checkFail2ban, [node('127.0.0.1', 9)], folder);

  test('that is elsewhere is told what to ignore', async () => {
    const findings = await checkFail2ban({
      settings: settingsWith(),
      status: undefined,
      root: folder,
    });
    expect(findings).toMatchObject([
      { level: 'ok', todo: expect.stringContaining('ignoreip = 127.0.0.1/8 ::1') },
    ]);
  });

  test('without a jail for the PBX is no matter', async () => {
    write('etc/fail2ban/jail.conf', jail);
    expect(await check()).toEqual(['ok: no jail for a PBX is enabled here']);
  });

  test('whose jail ignores the gate is well', async () => {
    write('etc/fail2ban/jail.conf', jail);
    write('etc/fail2ban/jail.d/pbx.conf', '[asterisk]\nenabled = true\n');
    expect(await check()).toEqual(['ok: the jail asterisk ignores the gate (127.0.0.1)']);
  });

  test('whose jail does not will ban it, and its log shows for what', async () => {
    write('etc/fail2ban/jail.conf', jail);
    write(
      'etc/fail2ban/jail.local',
      '[DEFAULT]\nignoreip = 192.0.2.1 # the office\n   192.0.2.2\n[asterisk]\nenabled = yes\n',
    );
    const line = 'SecurityEvent="InvalidPassword",RemoteAddress="IPV4/UDP/127.0.0.1/5060"\n';
    write('var/log/asterisk/security', line.repeat(3));
    expect(await check()).toEqual([
      'bad: the jail asterisk will ban the gate (127.0.0.1) for what one phone does; its log holds 3 failures of the gate already',
    ]);
  });
});

describe('names', () => {
  test('are looked up as live traffic does', async () => {
    expect(await said(checkDns)).toEqual(['ok: no setting names a host']);
    const set = [
      'pbx.nodes=[{name: a, uri: "sip:localhost:5080"}]',
      'trunks=[{name: t, uri: "sip:no-such-name.invalid"}]',
    ];
    const findings = await said(checkDns, set);
    expect(findings[0]).toMatch(
      /^ok: a: sip:localhost:5080 leads to udp (127\.0\.0\.1|\[::1\]):5080/,
    );
    expect(findings[1]).toBe('bad: t: sip:no-such-name.invalid leads nowhere');
  }, 20_000);
});

describe('the clock', () => {
  test('is said, and whether somebody keeps it right', async () => {
    write('run/systemd/timesync/synchronized', '');
    const [only] = await said(checkClock, [], folder);
    expect(only).toMatch(/^(ok|bad): it is 20\d\d-.* (kept right as|says that nothing keeps)/);
  });
});

describe('certificates', () => {
  function pair(names: string[], days: number): string[] {
    const [commonName = ''] = names;
    const at = (more: number) => new Date(Date.now() + more * DAY_MS);
    const issued = issueCertificate({ commonName, names, notBefore: at(-400), notAfter: at(days) });
    write('own.pem', issued.certificate);
    write('own.key', issued.key);
    const [certificate, key] = ['own.pem', 'own.key'].map((name) => join(folder, name));
    return [
      `tls.certificates=[{certificate: "${certificate}", key: "${key}"}]`,
      'listeners=[{listen: "tls:0.0.0.0:5061", advertise: sip.example.com}]',
    ];
  }

  test('for the name that phones know it by are good', async () => {
    expect(await said(checkCertificates, pair(['sip.example.com'], 90))).toEqual([
      expect.stringMatching(/^warn: .*own\.pem is self-signed, good for (89|90) days$/),
      'ok: sip.example.com is in one',
    ]);
  });

  test('for another name are not', async () => {
    expect(await said(checkCertificates, pair(['pbx.example.com'], 90))).toContain(
      'bad: sip.example.com is in none of them: they are for pbx.example.com',
    );
  });

  test.each([
    [10, /^warn: .* ends in (9|10) days$/],
    [-3, /^bad: .* ended [34] days ago$/],
  ])('that end in %d days are worth a word', async (days, expected) => {
    const [first] = await said(checkCertificates, pair(['sip.example.com'], days));
    expect(first).toMatch(expected);
  });

  test('none of one’s own, and no TLS at all, are said', async () => {
    expect(await said(checkCertificates)).toEqual([
      'warn: a self-signed one will be made at the first start',
    ]);
    expect(await said(checkCertificates, ['listeners=[{listen: "udp:0.0.0.0:5060"}]'])).toEqual([
      'warn: no listener has TLS: passwords and calls can be read on the way',
    ]);
  });
});

describe('ports', () => {
  test('are free, or it is said who cannot have them', async () => {
    const server = createServer();
    const address = ownAddress();
    server.listen(25_160, address);
    await once(server, 'listening');
    const set = [`listeners=[{listen: "tcp:${address}:25160"}, {listen: "udp:${address}:25160"}]`];
    const findings = await said(checkPorts, set);
    expect(findings[0]).toMatch(`bad: tcp:${address}:25160 cannot be opened: `);
    expect(findings[1]).toBe(`ok: udp:${address}:25160 is free`);
    server.close();
  });

  test('so is that of metrics: without it no gate starts', async () => {
    const server = createServer();
    const address = ownAddress();
    server.listen(25_160, address);
    await once(server, 'listening');
    const set = [
      `http.address=${address}`,
      'http.port=25160',
      'listeners=[{listen: "udp:127.0.0.1:0"}]',
    ];
    expect((await said(checkPorts, set)).at(-1)).toMatch(
      `bad: metrics at ${address}:25160 cannot be opened: `,
    );
    server.close();
    await once(server, 'close');
    expect((await said(checkPorts, set)).at(-1)).toMatch(`ok: metrics at ${address}:25160`);
  });

  test('metrics for everybody are worth a word', async () => {
    const findings = await said(checkPorts, [
      'http.address=0.0.0.0',
      'http.port=0',
      'listeners=[{listen: "udp:127.0.0.1:0"}]',
    ]);
    expect(findings.at(-1)).toMatch(/^warn: metrics at 0\.0\.0\.0:0/);
  });
});

test('limits of the system are compared with what the gate wants', async () => {
  write(
    'proc/self/limits',
    'Limit  Soft Limit  Hard Limit  Units\nMax open files   1024   4096   files\n',
  );
  write('proc/sys/net/core/rmem_max', '212992\n');
  write('proc/meminfo', 'MemTotal: 262144 kB\nMemAvailable: 131072 kB\n');
  expect(await said(checkLimits, [], folder)).toEqual([
    'warn: a process started as this one may have 1024 files open, and limits.connections is 20000',
    'warn: a UDP socket may hold 212992 bytes that wait: a burst is lost',
    'warn: 128 MB of 256 MB of memory are free',
  ]);
  expect(await said(checkLimits)).toHaveLength(3);
});

test('a data directory that cannot be written is bad', async () => {
  expect((await said(checkDisk))[0]).toMatch(/^ok: .* can be written$/);
  write('data', 'a file');
  expect((await said(checkDisk))[0]).toMatch(/^bad: The data directory .* cannot be written/);
});

test('a data directory that others may read or change is said, and what it takes', async () => {
  const data = join(folder, 'data');
  write('data/flow-token.key', 'x'.repeat(32));
  const opened = async (directory: number, key: number) => {
    chmodSync(data, directory);
    chmodSync(join(data, 'flow-token.key'), key);
    const found = await checkDisk({ settings: settingsWith(), status: undefined, root: '/' });
    return found.filter(({ saw }) => saw.includes('user'));
  };
  expect(await opened(0o700, 0o600)).toEqual([]);
  // a group that collects events
  expect(await opened(0o750, 0o640)).toEqual([]);
  expect(await opened(0o755, 0o600)).toMatchObject([
    {
      level: 'warn',
      saw: `other users of this machine may look into ${data}`,
      todo: expect.stringMatching(`^chmod g-w,o-rwx ${data}: `),
    },
  ]);
  expect(await opened(0o700, 0o644)).toMatchObject([
    { level: 'warn', saw: expect.stringMatching(/look into .*flow-token\.key$/) },
  ]);
  expect(await opened(0o777, 0o600)).toMatchObject([
    { level: 'bad', saw: `every user of this machine may change ${data}` },
  ]);
});

test('a gate that cannot be asked is not said to be away, nor its ports to be taken', async () => {
  const taken = createSocket('udp4').bind(0, '127.0.0.1');
  await once(taken, 'listening');
  const settings = settingsWith(`listeners=[{listen: "udp:127.0.0.1:${taken.address().port}"}]`);
  const unasked = 'Permission denied on /data/control.sock.';
  const examined = { settings, status: undefined, unasked, root: '/' };
  expect(checkGate(examined)).toMatchObject([{ level: 'bad', saw: unasked }]);
  expect(await checkPorts(examined)).toMatchObject([
    { level: 'warn', saw: 'which are open only the gate knows' },
  ]);
  taken.close();
});

describe('Redis', () => {
  test('that answers is well, and that does not is bad', async () => {
    expect(await said(checkRedis)).toEqual(['ok: none is named: this node is alone']);
    const redis = await startRedis();
    const set = [`cluster.redis.servers=["${redis.url}"]`];
    const loaded = loadSettings(
      { set, data: folder },
      { DRAWBRIDGE_CLUSTER_SECRET: 'x'.repeat(40) },
      true,
    );
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    const { settings } = loaded;
    const look = async (): Promise<readonly Finding[]> =>
      checkRedis({ settings, status: undefined, root: '/' });
    expect(await look()).toMatchObject([{ level: 'ok', saw: 'it answers' }]);
    await redis.close();
    expect(await look()).toMatchObject([
      { level: 'bad', saw: 'it cannot be used: it cannot be reached' },
    ]);
  }, 30_000);
});

test('what takes a secret that the gate alone has is not tried', async () => {
  const contact =
    'notifications.contacts.anna={ email: anna@example.com, wants: [{ level: alert }] }';
  const smtp = '{ server: 127.0.0.1, tls: "off", user: gate, from: gate@example.com }';
  const set = ['cluster.redis.servers=["redis://127.0.0.1:1"]', contact];
  const names = ['DRAWBRIDGE_CLUSTER_SECRET', 'DRAWBRIDGE_REDIS_PASSWORD'];
  const gate = { names: [...names, 'DRAWBRIDGE_SMTP_PASSWORD'] };
  const flags = { set: [...set, `notifications.smtp=${smtp}`], data: folder, gate };
  const loaded = loadSettings(flags, {}, true);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const examined = { settings: loaded.settings, status: undefined, root: '/' };
  expect([...(await checkRedis(examined)), ...(await checkNotifications(examined))]).toMatchObject([
    {
      level: 'warn',
      saw: 'DRAWBRIDGE_REDIS_PASSWORD is set for the gate only: not tried from here',
    },
    {
      level: 'ok',
      saw: expect.stringMatching(
        /^DRAWBRIDGE_SMTP_PASSWORD is set for the gate only: .* not tried/,
      ),
    },
    { level: 'ok', saw: 'anna are told' },
  ]);
  const without = loadSettings({ ...flags, gate: { names } }, {}, true);
  expect(without.ok ? [] : without.problems).toMatchObject([
    { key: 'notifications.smtp.password', text: expect.stringContaining('no variable') },
  ]);
});

describe('the policy', () => {
  test('as it ships asks for the country, and stands open nowhere', async () => {
    expect(await said(checkPolicy)).toEqual([
      expect.stringMatching(/^warn: site\.homeCountry is not set/),
      'ok: no country is permitted: nobody calls abroad',
    ]);
  });

  test('that leaves something open is worth a word, or bad', async () => {
    const set = [
      ...['site.homeCountry=DE', 'network.allowed=["0.0.0.0/0", "10.0.0.0/8", "192.0.2.1"]'],
      ...['outbound.no-guests.guests=["192.0.2.7"]', 'outbound.call-frequency.mode=off'],
      ...['outbound.allowed-countries.countries=["AT"]', 'network.scanners.mode=shadow'],
    ];
    expect(await said(checkPolicy, set)).toEqual([
      'bad: network.allowed has 0.0.0.0/0: whoever is in it is never blocked or limited',
      'warn: network.allowed has 10.0.0.0/8: whoever is in it is never blocked or limited',
      'warn: 192.0.2.7 may call without a registration (outbound.no-guests.guests)',
      'warn: the rule scanners is shadow, and ships on',
      'warn: the rule call-frequency is off, and ships on',
    ]);
    expect(await said(checkPolicy, ['site.rules=off'])).toContain(
      'bad: site.rules is off: everything gets through',
    );
  });
});

test('all of it is looked at, and each finding that is not well says what to do', async () => {
  const settings = settingsWith(node('127.0.0.1', 9), 'listeners=[{listen: "udp:127.0.0.1:0"}]');
  const findings = await examine({ settings, status: undefined, root: '/' });
  const things = new Set(findings.map((one) => one.about));
  expect([...things]).toEqual([
    ...['gate', 'PBX', 'fail2ban of the PBX', 'DNS', 'clock', 'certificates', 'ports', 'limits'],
    ...['disk', 'Redis', 'notifications', 'policy'],
  ]);
  for (const { level, todo } of findings) if (level !== 'ok') expect(todo).toBeDefined();
}, 15_000);
