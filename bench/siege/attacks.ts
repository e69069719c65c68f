import { FORGED_NET, HONEST } from './field.ts';

/** One attack: what is run in front of the gate, and what it is. */
export interface Attack {
  readonly name: string;
  readonly what: string;
  /** With the load generator: datagrams without state, as fast as asked. */
  readonly flood?: readonly string[];
  /** With `attacker.ts`: whatever needs answers or connections. */
  readonly habit?: Habit;
  /** Where it says it comes from; an address of its own, when left out. */
  readonly source?: string;
  /** Part of the short form, which runs in CI. */
  readonly short?: boolean;
}

export const habits = [
  'scan',
  'enumerate',
  'header-bombs',
  'fraud',
  'connections',
  'handshakes',
  'slow-loris',
  'tls-slow-loris',
  'forge',
] as const;
export type Habit = (typeof habits)[number];

const many = (sources: number): readonly string[] => [
  '--sources',
  String(sources),
  '--source-net',
  FORGED_NET,
];

export const attacks: readonly Attack[] = [
  {
    name: 'scanner, one source',
    what: 'friendly-scanner as fast as it goes',
    flood: ['--kind', 'scanner'],
    short: true,
  },
  {
    name: 'scanners, 60,000 forged sources',
    what: 'friendly-scanner, 100,000 a second',
    flood: ['--kind', 'scanner', ...many(60_000), '--rate', '100000'],
  },
  {
    name: 'REGISTER, one source',
    what: 'a phone’s REGISTERs as fast as it goes',
    flood: ['--kind', 'register'],
  },
  {
    name: 'REGISTER, 60,000 forged sources',
    what: '100,000 a second',
    flood: ['--kind', 'register', ...many(60_000), '--rate', '100000'],
    short: true,
  },
  {
    name: 'INVITE, 2,000 rented sources',
    what: '20,000 a second',
    flood: ['--kind', 'invite', ...many(2000), '--rate', '20000'],
  },
  {
    name: 'OPTIONS, one source, slow',
    what: '15 a second: below every rate',
    flood: ['--kind', 'options', '--rate', '15'],
  },
  {
    name: 'junk, 60,000 forged sources',
    what: 'no SIP, 100,000 a second',
    flood: ['--kind', 'junk', ...many(60_000), '--rate', '100000'],
  },
  {
    name: 'scan by hand',
    what: 'OPTIONS of ten real scanners, from one source each',
    habit: 'scan',
    short: true,
  },
  { name: 'enumeration', what: 'REGISTER for 1000, 1001, 1002 …', habit: 'enumerate' },
  { name: 'header bombs', what: '2,000 headers, 60 kB, deep parameters', habit: 'header-bombs' },
  {
    name: 'toll fraud',
    what: 'INVITEs abroad behind rotating prefixes',
    habit: 'fraud',
    short: true,
  },
  { name: 'TCP connections', what: 'as many as there may be, each silent', habit: 'connections' },
  { name: 'TLS handshakes', what: 'begun and finished, one after the other', habit: 'handshakes' },
  {
    name: 'slow loris over TCP',
    what: 'a byte a second of a message that never ends',
    habit: 'slow-loris',
  },
  { name: 'slow loris over TLS', what: 'the same of a handshake', habit: 'tls-slow-loris' },
  {
    name: 'forger of a customer',
    what: 'one of everything in the address and from the ports of the honest phones, 300 a second',
    habit: 'forge',
    source: HONEST,
  },
];
