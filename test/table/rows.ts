import type { Expectation } from '../../src/policy/asking/expectation.ts';
import type { Question } from '../../src/policy/asking/question.ts';
import type { Reason } from '../../src/policy/reasons.ts';

/** A request that somebody thinks up, and how it is to be answered: by explain, by drawbridge test, by the gate itself. */
export interface Row {
  readonly name: string;
  /** Which of the gates it is for. */
  readonly policy: 'many-rules' | 'closed';
  readonly ask: Question;
  readonly expect: Expectation['expect'];
  /** The rules in shadow that are to refuse it. */
  readonly shadow: readonly string[];
}

/** Where what is asked of no particular place comes from: a network of the site, an address for each row. */
const own = (row: number): string => `127.1.${row >> 8}.${row & 255}`;
/** Nobody's network, as far as the site is concerned. */
const AWAY = '127.224.0';

/** So far ahead that nothing of the table is older than the gate keeps it. */
function nextMonday(): string {
  const day = new Date(Date.now() + 86_400_000);
  while (day.getUTCDay() !== 1) day.setUTCDate(day.getUTCDate() + 1);
  return day.toISOString().slice(0, 10);
}
const MONDAY = nextMonday();
const SATURDAY = new Date(Date.parse(MONDAY) + 5 * 86_400_000).toISOString().slice(0, 10);

const rows: Row[] = [];

/** One row, from an address of its own if it says none. */
function row(
  expect: 'pass' | Reason,
  name: string,
  ask: Question,
  more: Partial<Pick<Row, 'policy' | 'shadow'>> = {},
): void {
  const source = ask.inbound === undefined ? { source: own(rows.length + 1) } : {};
  rows.push({
    name,
    policy: 'many-rules',
    shadow: [],
    expect,
    ask: { ...source, ...ask },
    ...more,
  });
}

const options = (source: string, more: Question = {}): Question => ({
  method: 'OPTIONS',
  source,
  ...more,
});
const register = (extension: string, more: Question = {}): Question => ({
  register: extension,
  ...more,
});
const call = (extension: string, number: string, more: Question = {}): Question => ({
  invite: number,
  as: extension,
  ...more,
});
/** By somebody who holds no registration. */
const stranger = { registered: false, tier: 'unknown' } as const;
const inbound = (number: string, from: string, more: Question = {}): Question => ({
  inbound: number,
  from,
  trunk: 'carrier',
  ...more,
});

// ---- asked of every packet
row('source-blocked', 'a blocked network', options('127.6.0.255'));
row('pass', 'the address behind it', options('127.6.1.0'));
row('source-blocked', 'a source on the block list', options('127.7.0.1', { blocked: true }));
row('pass', 'its neighbour', options('127.7.0.2'));
row('packet-rate', 'packet 41', options('127.7.1.1', { requests: 40, toPort: 25_060 }));
row('pass', 'packet 40', options('127.7.1.2', { requests: 39, toPort: 25_060 }));
row('firewall', 'a network that is dropped', options('127.4.0.9'));
row('pass', 'what a rule before accepts of it', options('127.4.0.7'));
row('firewall', 'TCP, where only that is dropped', options('127.4.1.1', { transport: 'tcp' }));
row('pass', 'UDP, where only TCP is dropped', options('127.4.1.2'));
row(
  'source-country',
  'from a country that is not allowed',
  options('127.240.0.1', { country: 'KP' }),
);
row('pass', 'from a country that is', options('127.241.0.1', { country: 'DE' }));
row('pass', 'an address in no country', options(`${AWAY}.1`));
row('pass', 'whatever an allowed address says', options('127.3.0.1', { userAgent: 'sipvicious' }));
row('drop-all', 'anybody, where all is dropped', options('127.8.0.1'), { policy: 'closed' });
row('stranger', 'who is accepted and asks what is here', options('127.4.0.7'), {
  policy: 'closed',
});
row(
  'stranger',
  'a registration for another domain',
  // not the source of the row above: what is refused of it within the same second is told with that
  register('1002', { source: '127.4.0.8', domain: 'other.example' }),
  { policy: 'closed' },
);
row('pass', 'who is accepted and registers', register('1001', { source: '127.4.0.7' }), {
  policy: 'closed',
});
row('pass', 'who is allowed, where all is dropped', options('127.3.0.2'), { policy: 'closed' });
row('pass', 'a call for help, where all is dropped', call('1001', '112', stranger), {
  policy: 'closed',
});

// ---- asked of what is no sound message
row('message-broken', 'a broken message of a stranger', { broken: 'max-forwards' });
row('pass', 'one of a phone that is known', { broken: 'max-forwards', tier: 'known', as: '1001' });

// ---- asked of every request
row('scanner', 'a tool that says its name', options('127.9.0.1', { userAgent: 'SIPVicious' }));
row('pass', 'a phone that is called alike', options('127.9.0.2', { userAgent: 'Vicious SIP' }));
row(
  'scanner',
  'a tool that is known by its tag',
  options('127.9.0.3', { fromTag: '6434396633623535313363340133343333313138393833' }),
);
row(
  'pass',
  'a tag of as many digits',
  options('127.9.0.4', { fromTag: '643439663362353531336334' }),
);
row(
  'scanner',
  'a PBX that is a stranger',
  call('1001', '1002', { ...stranger, userAgent: 'Asterisk PBX' }),
);
row('pass', 'a PBX that has registered', call('1001', '1002', { userAgent: 'Asterisk PBX' }));
row('message-hostile', 'SQL in a name', options('127.9.1.1', { from: "1001' or '1'='1" }));
row('pass', "O'Brien", options('127.9.1.2', { from: "O'Brien" }));
row('message-hostile', '61 header lines', options('127.9.1.3', { headerLines: 61 }));
row('pass', '60 header lines', options('127.9.1.4', { headerLines: 60 }));
row(
  'request-rate',
  'the fourth call of a stranger',
  call('1001', '1002', { ...stranger, requests: 3 }),
);

// ---- asked of registrations
row('pass', 'a phone that registers', register('1001'));
row('pass', 'one that is asked for its password first', register('1001', { credentials: false }));
row('credentials-not-proven', 'an answer to no challenge', register('1001', { proven: false }));
row('locked-out', 'the wrong password four times', register('1042', { failures: 4 }));
row('pass', 'the wrong password three times', register('1043', { failures: 3 }));
row(
  'guessing-many-extensions',
  'after failing at three extensions',
  register('1044', { distinct: { 'guessed by 127.10.0.1': 3 }, source: '127.10.0.1' }),
);
row(
  'pass',
  'after failing at two',
  register('1045', { distinct: { 'guessed by 127.10.0.2': 2 }, source: '127.10.0.2' }),
);
row(
  'guessed-by-many',
  'where three sources failed',
  register('1040', { distinct: { 'guessers of 1040': 3 } }),
);
row('pass', 'where two did', register('1041', { distinct: { 'guessers of 1041': 2 } }));
row('guessed-by-many', 'where an extension is guarded', register('1046', { guarded: true }));
row('pass', 'where it was registered before', register('1047', { guarded: true, familiar: true }));
row('extension-unlisted', 'an extension that is in no list', register('2001'));
row('source-not-permitted', 'from where it may not', register('1005', { source: '127.11.1.0' }));
row('pass', 'from where it may', register('1005', { source: '127.11.0.255' }));
row('transport-not-allowed', 'over UDP, where only TCP may be', register('1006'));
row('pass', 'over TCP', register('1006', { transport: 'tcp' }));
row('remote-not-allowed', 'a desk phone from outside', register('1007', { source: `${AWAY}.2` }));
row('pass', 'a desk phone at home', register('1007'));
row('pass', 'another from outside', register('1001', { source: `${AWAY}.3` }));
row('certificate-wrong', 'without its certificate', register('1008'));
row('user-agent-not-allowed', 'a softphone', register('1004', { userAgent: 'my Yealink' }));
row('pass', 'its own make', register('1004', { userAgent: 'Yealink SIP-T46U' }));
row('register-name-wrong', 'another register name', register('1003', { registerName: '1003' }));
row('pass', 'its register name', register('1003', { registerName: 'desk-3' }));
row('expires-too-short', '59 seconds', register('1001', { expires: 59 }));
row('pass', '60 seconds', register('1001', { expires: 60 }));
row('pass', 'none, to end it', register('1001', { expires: 0 }));
row('too-many-devices', 'a third device', register('1009', { devices: 2 }));
row('pass', 'a second one', register('1019', { devices: 1 }));

// ---- asked of calls by extensions
row(
  'prefixes-rotate',
  'a stranger, where the number was tried behind four prefixes',
  call('1001', '9011442079460123', { ...stranger, distinct: { 'spellings of 79460123': 4 } }),
);
row('pass', 'a phone that calls that number', call('1001', '00442079460123'));
row('pass', 'a call in the house', call('1001', '1002'));
row('guest', 'a call by nobody who registered', call('1001', '1002', stranger));
row('pass', 'a call by a guest', call('1001', '1002', { ...stranger, source: '127.12.0.1' }));
row(
  'source-not-permitted',
  'from where it may not call',
  call('1005', '1002', { ...stranger, source: '127.11.1.1' }),
);
row('caller-not-own', "another's number", call('1001', '1002', { from: '1003' }));
row('caller-not-own', 'asserted as another', call('1001', '1002', { asserted: '1003' }));
row('pass', 'a number of its own', call('1015', '1002', { from: '08912345' }));
row('number-unknown', 'no number', call('1001', '12x45'));
row('pass', 'a call for help by nobody', call('1001', '112', stranger));
row(
  'pass',
  'a call for help by an attack tool',
  call('1001', '110', { ...stranger, userAgent: 'sipvicious' }),
);
row('no-route', 'a number that no route takes', call('1001', '0771234567'));
row('route-not-permitted', 'a route that is for others', call('1001', '030123456'));
row('pass', 'the route of its group', call('1002', '030123456'));
row('pass', 'a national number', call('1001', '089123456'));
row('outside-times', 'a minute before', call('1001', '040123456', { at: `${MONDAY} 07:59` }));
row('pass', 'on the minute', call('1001', '040123456', { at: `${MONDAY} 08:00` }));
row('pass', 'in the last minute', call('1001', '040123456', { at: `${MONDAY} 17:59` }));
row('outside-times', 'at the end', call('1001', '040123456', { at: `${MONDAY} 18:00` }));
row('outside-times', 'a Saturday', call('1001', '040123456', { at: `${SATURDAY} 12:00` }));
row('country-not-allowed', 'a country that is not allowed', call('1001', '00850212345678'));
row('pass', 'a country that is', call('1001', '00441632960000'));
row(
  'country-not-allowed',
  'Canada, where the United States are allowed',
  call('1001', '0014165550123'),
);
row('pass', 'the United States', call('1001', '0012125550123'));
row('international-barred', 'who may not call abroad', call('1010', '00441632960000'));
row('pass', 'a country of its own', call('1011', '00431234567'));
row('country-not-allowed', 'a country of others', call('1011', '00441632960000'));
row('number-blocked', 'a blocked number', call('1001', '0895550'));
row('pass', 'one taken out of the blocked', call('1001', '08955512'));
row('number-blocked', 'blocked for it alone', call('1013', '0896660'));
row('pass', 'that, for others', call('1001', '0896660'));
row('class-blocked', 'premium rate', call('1001', '09001234567'));
row('pass', 'premium rate, where it is allowed', call('1012', '09001234567'));
row('pin-missing', 'without a PIN', call('1001', '050123456'));
row('pin-wrong', 'with a wrong PIN', call('1001', '050123456', { pin: '' }));
row('pass', 'with a PIN', call('1001', '050123456', { pin: 'anna' }));
row(
  'pin-locked',
  'with a PIN after three wrong ones',
  call('1001', '050123456', { pin: 'anna', failures: 3 }),
);
row(
  'calls-too-frequent',
  'the sixth call in ten seconds',
  call('1016', '1002', { recentCalls: 5 }),
);
row('pass', 'the fifth', call('1017', '1002', { recentCalls: 4 }));
row(
  'calls-too-many',
  'a second call at once',
  call('1014', '1002', { live: { 'extension:1014': 1 } }),
);
row('pass', 'a first one', call('1014', '1002', { live: { 'extension:1014': 0 } }));
row('pass', 'what a rule in shadow refuses', call('1018', '0895550'), {
  shadow: ['blocked-numbers'],
});
row('country-not-allowed', 'abroad by a transfer', call('1001', '00850212345678', { by: 'refer' }));
row('pass', 'in the house by a transfer', call('1001', '1002', { by: 'refer' }));

// ---- asked of calls from trunks
row('pass', 'a call from a trunk', inbound('4989100', '+4930100'));
row(
  'trunk-not-certified',
  'a trunk without its certificate',
  inbound('4989100', '+4930101', { trunk: 'secure', trunkCertified: false }),
);
row(
  'caller-anonymous',
  'a caller that shows no number',
  inbound('4989100', '', { anonymous: true }),
);
row('caller-blocked', 'a blocked caller', inbound('4989100', '+4930666'));
row('pass', 'the next number', inbound('4989100', '+4930667'));
row(
  'calls-too-frequent',
  'the fourth call by one caller',
  inbound('4989101', '+4930102', { recentCalls: { 'caller:+4930102': 3 } }),
);
row('pass', 'the third', inbound('4989102', '+4930103', { recentCalls: { 'caller:+4930103': 2 } }));
row(
  'calls-too-many',
  'a second live call by one caller',
  inbound('4989103', '+4930104', { live: { 'caller:+4930104': 1 } }),
);

export const table: readonly Row[] = rows;
