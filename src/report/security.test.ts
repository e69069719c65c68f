import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadSettings } from '../config/load.ts';
import { about, type Check } from '../doctor/finding.ts';
import { checkAbroad } from './check-abroad.ts';
import { checkDefaultPorts } from './check-default-ports.ts';
import { checkEncryption } from './check-encryption.ts';
import { checkExceptions } from './check-exceptions.ts';
import { checkExtensions } from './check-extensions.ts';
import { checkFailures } from './check-failures.ts';
import { checkLockouts } from './check-lockouts.ts';
import { checkServices } from './check-services.ts';
import { checkStealth } from './check-stealth.ts';
import { gradeOf, gradeSecurity, worstOf } from './security.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'report-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function settingsWith(...set: readonly string[]) {
  const secret = { DRAWBRIDGE_CLUSTER_SECRET: 'x'.repeat(40) };
  const loaded = loadSettings({ set, data: join(folder, 'data') }, secret, true);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.settings;
}

/** What a check says, a line each: `bad: what was seen`. */
async function said(check: Check, ...set: readonly string[]): Promise<readonly string[]> {
  const settings = settingsWith(...set);
  const findings = await check({ settings, status: undefined, root: folder });
  for (const { level, todo } of findings) if (level !== 'ok') expect(todo).toBeDefined();
  return findings.map(({ level, saw }) => `${level}: ${saw}`);
}

test('default ports', async () => {
  expect(await said(checkDefaultPorts)).toEqual([
    expect.stringMatching(/^warn: .*first: udp:0\.0\.0\.0:5060, .*tls:\[::\]:5061$/),
  ]);
  const others = 'listeners=[{listen: "udp:0.0.0.0:25060"}, {listen: "tcp:127.0.0.1:5060"}]';
  expect(await said(checkDefaultPorts, others)).toEqual(['ok: phones are served on none']);
});

test('open services', async () => {
  const sockets = (name: string, ...lines: readonly string[]): void => {
    const file = join(folder, 'proc/net', name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, ['  sl  local_address rem_address   st', ...lines].join('\n'));
  };
  const any = (port: number, state = '0A'): string =>
    `   0: 00000000:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 ${state}`;
  const here = '   1: 0100007F:0CEA 00000000:0000 0A';
  const listener = 'listeners=[{listen: "tcp:0.0.0.0:25060"}]';
  sockets('tcp', any(25_060), here);
  sockets('udp', any(40_000, '07'));
  expect(await said(checkServices, listener)).toEqual([
    'ok: nothing but the gate waits on an address that others can reach',
  ]);
  sockets('tcp', any(25_060), here, any(5038), any(22), any(4444), any(443, '01'));
  expect(await said(checkServices, listener)).toEqual([
    "bad: tcp 5038 is open: Asterisk's manager interface",
    'warn: tcp 22 is open: SSH',
    "warn: tcp 4444 are open, and not the gate's",
  ]);
});

test('TLS', async () => {
  expect(await said(checkEncryption, 'listeners=[{listen: "udp:0.0.0.0:5060"}]')).toEqual([
    'bad: no phone can use TLS: there is no such listener',
  ]);
  expect(await said(checkEncryption)).toEqual([
    'warn: phones may come in the clear: 4 of 6 listeners have no TLS',
  ]);
  const insisted = 'extensions.defaults.transports=[tls, wss]';
  expect(await said(checkEncryption, insisted)).toEqual(['ok: phones have to come over TLS']);
  const trunks = (uri: string): string => `trunks=[{name: carrier, uri: "${uri}"}]`;
  expect(await said(checkEncryption, insisted, trunks('sip:203.0.113.5'))).toContain(
    'warn: carrier is spoken to in the clear, over the internet (sip:203.0.113.5)',
  );
  for (const uri of ['sips:203.0.113.5', 'sip:203.0.113.5;transport=tls', 'sip:10.0.0.5'])
    expect(await said(checkEncryption, insisted, trunks(uri))).toHaveLength(1);
});

test('stealth', async () => {
  const own = 'network.stealth.domains=[sip.example.com]';
  expect(await said(checkStealth, own)).toEqual(['ok: to strangers the gate does not exist']);
  expect(
    await said(
      checkStealth,
      ...['network.stealth.mode=shadow', 'registration.no-enumeration.mode=off'],
      'topology.hide=[headers]',
    ),
  ).toEqual([
    'bad: strangers learn that SIP is spoken here: stealth is shadow',
    'bad: strangers learn which extensions there are: no-enumeration is off',
    'warn: strangers who register at any name are asked for a password',
    'warn: phones and carriers see of the PBX: via, contact',
  ]);
});

test('lockouts', async () => {
  expect(await said(checkLockouts)).toEqual(['ok: 10 failures within 1800 s lock somebody out']);
  expect(await said(checkLockouts, 'registration.distributed-guessing.mode=shadow')).toContain(
    'warn: many sources can guess at one extension: distributed-guessing is shadow',
  );
  const lockout = 'registration.lockout';
  expect(await said(checkLockouts, `${lockout}.mode=off`)).toEqual([
    'bad: passwords can be guessed without an end: lockout is off',
  ]);
  expect(
    await said(
      checkLockouts,
      ...[`${lockout}.failures=50`, `${lockout}.seconds=60`, `${lockout}.blockSeconds=0`],
    ),
  ).toEqual([
    'ok: 50 failures within 60 s lock somebody out',
    'warn: registration.lockout.failures is 50: so many tries in 60 s',
    'warn: registration.lockout.seconds is 60: whoever waits so long may try again',
    'warn: a source that fails at many extensions is not blocked',
  ]);
});

test('extensions', async () => {
  expect(await said(checkExtensions)).toEqual([
    expect.stringMatching(/^bad: no extension is listed, and the defaults restrict nothing/),
  ]);
  const defaults = 'extensions.defaults={userAgents: [Yealink], permittedIps: [192.0.2.0/24]}';
  expect(await said(checkExtensions, defaults)).toEqual([
    'ok: none is listed, and the defaults restrict all of them',
  ]);
  const list = 'extensions.list={"1001": {permittedIps: [192.0.2.1]}, "1002": {}}';
  expect(await said(checkExtensions, list)).toEqual([
    'warn: extensions that are not listed may register',
    'bad: 1 of 2 extensions (1002) need nothing but a password',
    'warn: 1 of 2 extensions (1001) have no userAgents, a phone it must be',
    'warn: 1 of 2 extensions (1001) have no registerName, a user name of its own',
  ]);
  const names = 'extensions.list={"1001": {registerName: u1}, "1002": {registerName: u2}}';
  expect(await said(checkExtensions, defaults, names, 'extensions.unlisted=refuse')).toEqual([
    'ok: all 2 have addresses, phones and names of their own',
  ]);
});

describe('calls abroad', () => {
  const countries = 'outbound.allowed-countries.countries=[AT, CH]';

  test('that nobody may make are well', async () => {
    expect(await said(checkAbroad)).toEqual(['ok: no extension may call abroad']);
    expect(await said(checkAbroad, countries, 'extensions.defaults.international=false')).toEqual([
      'ok: no extension may call abroad',
    ]);
  });

  test('are counted by who, where to and how much a thief could do', async () => {
    const list =
      'extensions.list={"1001": {}, "1002": {international: false}, "1003": {countries: [US], concurrentCalls: 8}}';
    expect(await said(checkAbroad, countries, list, 'extensions.unlisted=refuse')).toEqual([
      'ok: 2 of 3 may call abroad (1001, 1003), to 3 countries: AT, CH, US',
      'bad: one stolen extension can have 8 calls abroad at once: 480 minutes an hour, 11,520 a day',
    ]);
    expect(await said(checkAbroad, countries, 'outbound.concurrent-calls.extension=1')).toEqual([
      'ok: 1 of 1 may call abroad (whoever is not listed), to 2 countries: AT, CH',
      'warn: one stolen extension can have 1 calls abroad at once: 60 minutes an hour, 1,440 a day',
    ]);
  });

  test('without what limits them are bad', async () => {
    expect(
      await said(
        checkAbroad,
        ...[countries, 'outbound.allowed-countries.mode=off', 'outbound.no-guests.mode=shadow'],
        ...[
          'outbound.blocked-classes.classes=[satellite]',
          'outbound.blocked-classes.highRisk=false',
        ],
        'outbound.concurrent-calls.extension=null',
      ),
    ).toEqual([
      'bad: whoever comes may call: no-guests is shadow',
      'bad: every country may be called: allowed-countries is off',
      'warn: numbers of these classes may be called: premium, international-network',
      'bad: ranges known for fraud may be called',
      expect.stringMatching(/^ok: 1 of 1 may call abroad/),
      'bad: one stolen extension can call abroad without a limit',
    ]);
  });
});

test('exceptions', async () => {
  const one = (days: number, more = ''): string => {
    const until = new Date(Date.now() + days * 86_400_000).toISOString();
    return `exceptions={fair: {rule: allowed-countries, extension: "1001", until: "${until}", why: a fair${more}}}`;
  };
  expect(await said(checkExceptions)).toEqual(['ok: there is none']);
  expect(await said(checkExceptions, one(2, ', by: Anna'))).toEqual(['ok: 1 in force, none stale']);
  expect(await said(checkExceptions, one(2))).toEqual([
    'warn: nobody says who allowed fair (allowed-countries)',
  ]);
  expect(await said(checkExceptions, one(90))).toEqual([
    'warn: fair takes allowed-countries out of force for 90 days more: a fair',
  ]);
  expect(await said(checkExceptions, one(-2))).toEqual([
    expect.stringMatching(/^warn: fair ended at .* and still stands in the file/),
  ]);
});

test('when something fails', async () => {
  const well = await said(checkFailures);
  expect(well.filter((line) => line.startsWith('warn'))).toEqual([
    'warn: it does not run with this data directory',
  ]);
  expect(await said(checkFailures, 'kernel.mode=off', 'events.keepDays=7')).toEqual(
    expect.arrayContaining([
      'warn: a flood is refused by the gate alone: kernel.mode is off',
      'warn: what happened is forgotten after 7 days',
    ]),
  );
  const redis = 'cluster.redis.servers=["redis://127.0.0.1:9"]';
  const lines = await said(checkFailures, redis);
  expect(lines).toContainEqual(expect.stringMatching(/^bad: it cannot be used: /));
  expect(lines).toContain(
    'warn: without Redis each node counts alone: outbound.call-frequency, outbound.concurrent-calls, ' +
      'inbound.inbound-frequency, inbound.inbound-calls',
  );
}, 20_000);

test('the grade is that of the worst', async () => {
  const { ok, warn, bad } = about('it');
  const grades = [[], [ok('')], [warn('', '')], Array(3).fill(warn('', '')), [bad('', '')]];
  expect([...grades, [bad('', ''), bad('', '')]].map(gradeOf)).toEqual([
    ...['A', 'A', 'B', 'C', 'D', 'F'],
  ]);
  const settings = settingsWith('listeners=[{listen: "udp:127.0.0.1:25060"}]');
  const sections = await gradeSecurity({ settings, status: undefined, root: folder });
  expect(sections.map(({ title }) => title)).toEqual([
    ...['Default ports', 'Open services', 'TLS', 'Certificates', 'Stealth', 'Lockouts'],
    ...['Extensions', 'Calls abroad', 'Exceptions', 'When something fails', 'Who is told', 'Rules'],
  ]);
  expect(worstOf(sections)).toBe('D');
});
