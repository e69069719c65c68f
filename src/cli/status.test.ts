import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { ProcessStatus } from '../control/control-messages.ts';
import type { CallStatus } from '../data/gate-status.ts';
import { showStatus } from './status.ts';

const now = 1_800_000_000_000;
const gate: ProcessStatus = {
  version: '1.2.3',
  process: 42,
  startedAt: now - 65_000,
  dataDirectory: '/var/lib/drawbridge',
  metrics: 'http://127.0.0.1:9464/metrics',
  kernel: {
    table: 'drawbridge_5f3a91',
    hook: 'ingress',
    devices: ['eth0', 'lo'],
    why: undefined,
    elements: { blocked: 10, unproven: 2, listed: 0, known: 3 },
    dropped: {
      ...{ 'blocked-sources': 1200, 'automatic-defence': 34, firewall: 0 },
      ...{ 'drop-all': 0, 'strangers-share': 0 },
    },
    repairs: 0,
  },
  ready: [],
  disk: { errors: 0, lostEvents: 0 },
  exceptions: [],
  shadows: [],
  contacts: [],
  lists: [],
  guards: { mode: 'on', count: 0, rows: [] },
  blocks: { count: 12, listed: 0, enforced: ['socket'] },
  draining: false,
  pressure: 'none',
  listeners: [
    {
      name: 'udp',
      transport: 'udp',
      address: '10.0.0.1',
      port: 5060,
      realm: 'access',
      advertised: { host: 'sip.example.com', port: 5060 },
    },
    {
      name: 'tls',
      transport: 'tls',
      address: '::',
      port: 5061,
      realm: 'access',
      advertised: { host: '::', port: 5061 },
    },
  ],
  pbx: [{ name: 'main', uri: 'sip:192.0.2.10', up: true, draining: false, latencyMs: 1.25 }],
  certificates: [{ name: 'sip.example.com', selfSigned: true, expiresAt: now + 90 * 86_400_000 }],
  registrations: {
    count: 3,
    elsewhere: 0,
    rows: [
      {
        aor: '101@example.com',
        contact: 'sip:101@10.0.0.7',
        transport: 'udp',
        address: '192.0.2.7',
        port: 5062,
        expiresAt: now + 55_000,
        userAgent: 'Phone\u001b[2J 1.0',
        node: 'main',
        gate: '',
      },
    ],
  },
  calls: { count: 0, ringing: 0, rows: [] },
  counted: [],
};

test('the whole picture, in columns', () => {
  expect(stripVTControlCharacters(showStatus(gate, now))).toBe(
    `Drawbridge 1.2.3  ready  process 42, up 1 min 5 s
  data     /var/lib/drawbridge
  metrics  http://127.0.0.1:9464/metrics

Listeners
  udp:10.0.0.1:5060  access  advertised as sip.example.com:5060
  tls:[::]:5061      access

PBX nodes
  up  main  sip:192.0.2.10  1.3 ms

Certificates
  sip.example.com  90 days left  self-signed

Blocked
  12 sources; drawbridge blocks lists them  refused at our sockets, before anything is read
  in the kernel                             refused at ingress of eth0, lo; table inet drawbridge_5f3a91; 12 networks blocked; 3 known; 1,234 packets dropped

Registrations: 3
  101@example.com  udp 192.0.2.7:5062  55 s  main  Phone?[2J 1.0
  and 2 others; --all lists them

Calls: 0`,
  );
});

test.each([
  [
    { hook: 'prerouting' as const, why: 'no ingress: Operation not supported' },
    'refused at prerouting; no ingress: Operation not supported; table inet',
  ],
  [{ hook: 'none' as const, why: 'nft is not installed' }, 'not refused: nft is not installed'],
])('where the kernel refuses, or why it does not: %j', (how, said) => {
  const kernel = { ...gate.kernel, ...how };
  expect(stripVTControlCharacters(showStatus({ ...gate, kernel }, now))).toContain(said);
});

test('of a gate of the version before, which says nothing of its disk', () => {
  const { disk: _, ...before } = gate;
  expect(showStatus(before, now)).toBe(showStatus(gate, now));
});

test('calls that ring stand behind the answered ones', () => {
  const answered: CallStatus = {
    id: 'a;from-tag=1;to-tag=2',
    callId: 'a',
    state: 'answered',
    from: '<sip:101@x>',
    to: '<sip:102@x>',
    startedAt: now - 65_000,
    caller: 'udp 192.0.2.7:5062',
    callee: 'udp 192.0.2.10:5060',
  };
  const ringing: CallStatus = {
    ...answered,
    id: 'b;from-tag=1',
    callId: 'b',
    state: 'ringing',
    startedAt: now - 4000,
    callee: undefined,
  };
  const calls = { count: 1, ringing: 2, rows: [answered, ringing] };
  expect(
    stripVTControlCharacters(showStatus({ ...gate, calls }, now))
      .split('\n\n')
      .at(-1),
  ).toBe(
    `Calls: 1, and 2 ringing
  a  1 min 5 s  <sip:101@x> → <sip:102@x>  udp 192.0.2.7:5062 → udp 192.0.2.10:5060
  b  rings 4 s  <sip:101@x> → <sip:102@x>  udp 192.0.2.7:5062
  and 1 other; --all lists them`,
  );
});

test('programs, where they connect, and what each is for and holds', () => {
  const nothing = { requests: 0, calls: 0, subscriptions: 0 };
  const programs = {
    port: { address: '127.0.0.1', port: 9022, tls: true },
    count: 3,
    rows: [
      {
        address: '127.0.0.1',
        port: 40_000,
        outbound: false,
        tags: ['blue', 'red'],
        verbs: ['invite', 'options'],
        attends: false,
        ...nothing,
        requests: 2,
        calls: 1,
      },
      {
        address: '::1',
        port: 3001,
        outbound: true,
        tags: [],
        verbs: [],
        attends: true,
        ...nothing,
      },
    ],
  };
  const shown = stripVTControlCharacters(showStatus({ ...gate, programs }, now));
  expect(shown.split('\n\n').find((part) => part.startsWith('Programs'))).toBe(
    `Programs on 127.0.0.1:9022 (TLS): 3
  127.0.0.1:40000               blue,red  invite options  2 requests, 1 call  answers nothing
  [::1]:3001 (for one request)
  and 1 other; --all lists them`,
  );
  const outbound = { port: undefined, count: 0, rows: [] };
  expect(showStatus({ ...gate, programs: outbound }, now)).toContain('Programs: 0');
  expect(showStatus(gate, now)).not.toContain('Programs');
});

test('what keeps it from being ready stands in the first line', () => {
  const first = showStatus({ ...gate, ready: ['draining'] }, now).split('\n')[0] ?? '';
  expect(stripVTControlCharacters(first)).toContain('1.2.3  draining  process');
});

test('the drachtio-server that carries SIP is named, and that it is lost', () => {
  const over = (connected: boolean): string =>
    stripVTControlCharacters(
      showStatus({ ...gate, drachtio: { address: '127.0.0.1:9022', connected } }, now),
    );
  expect(over(true)).toMatch(/^ {2}drachtio +127\.0\.0\.1:9022$/m);
  expect(over(false)).toMatch(/^ {2}drachtio +127\.0\.0\.1:9022 +lost$/m);
});

test('the exceptions in force are listed, with the time they have left', () => {
  const fair = {
    name: 'fair',
    rule: 'allowed-countries',
    extension: '1001',
    until: '2027-01-15 12:00',
    endsAt: now + 7_500_000,
    why: 'trade\u001b[2J fair',
    by: 'Anna',
  };
  const shown = stripVTControlCharacters(showStatus({ ...gate, exceptions: [fair] }, now));
  expect(shown.split('\n\n').find((part) => part.startsWith('Exceptions'))).toBe(
    `Exceptions
  2 h 5 min left  fair  allowed-countries  extension 1001  trade?[2J fair (Anna)`,
  );
  expect(showStatus(gate, now)).not.toContain('Exceptions');
});

test('of rules in shadow it is told how often they would have refused', () => {
  const since = now - 273_600_000;
  const shadows = [
    { rule: 'blocked-classes', since, refusals: 12, lastAt: now - 65_000 },
    { rule: 'no-guests', since, refusals: 0, lastAt: undefined },
  ];
  const shown = stripVTControlCharacters(showStatus({ ...gate, shadows }, now));
  expect(shown.split('\n\n').find((part) => part.startsWith('Rules in shadow'))).toBe(
    `Rules in shadow
  blocked-classes  would have refused 12 times  in 3 d 4 h  last 1 min 5 s ago
  no-guests        would have refused 0 times   in 3 d 4 h`,
  );
});
