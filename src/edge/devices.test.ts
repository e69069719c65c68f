import { describe, expect, test } from 'vitest';
import { type AskingDevice, contactFacts, Devices } from './devices.ts';
import type { Binding } from './registrations.ts';

const aBinding = (about: Partial<Binding> = {}): Binding => ({
  aor: '1001@x',
  contact: `sip:1001@192.0.2.1:${about.token ?? 1}`,
  token: 't',
  flow: 'f',
  transport: 'udp',
  listener: 'udp:0.0.0.0:5060',
  address: '192.0.2.1',
  port: 5060,
  toward: 'contact',
  expiresAt: 1000,
  userAgent: 'A',
  callId: 'registered',
  cseq: 1,
  node: 'pbx-1',
  instance: '',
  changedAt: 0,
  storedUntil: 0,
  gate: '',
  ...about,
});

const asking = (about: Partial<AskingDevice> = {}): AskingDevice => ({
  callId: 'asks',
  userAgent: 'B',
  address: '192.0.2.9',
  now: 0,
  wanted: [{ binding: undefined, instance: '' }],
  ...about,
});
const wants = (instance: string) => [{ binding: undefined, instance }];

describe('a device that registers', () => {
  test('is new beside one that is another', () => {
    const devices = new Devices(asking(), [aBinding()], []);
    expect([devices.isNew, devices.others, devices.alike, devices.left]).toEqual([true, 1, 0, []]);
  });

  test.each([
    [
      'Contact',
      [aBinding()],
      (known: Binding) => asking({ wanted: [{ binding: known, instance: '' }] }),
    ],
    ['Call-ID', [aBinding()], () => asking({ callId: 'registered' })],
    ['instance', [aBinding({ instance: ' <1>' })], () => asking({ wanted: wants(' <1>') })],
  ])('is known by its %s', (_how, bindings, ask) => {
    const [known = aBinding()] = bindings;
    const devices = new Devices(ask(known), bindings, []);
    expect([devices.isNew, devices.others]).toEqual([false, 0]);
  });

  test('leaves behind what it had, unless that is another flow of the same device (RFC 5626)', () => {
    const first = aBinding({ instance: '1 <x>' });
    expect(new Devices(asking({ wanted: wants('1 <x>') }), [first], []).left).toEqual([first]);
    const second = new Devices(asking({ wanted: wants('2 <x>') }), [first], []);
    expect([second.isNew, second.left]).toEqual([false, []]);
  });

  test('leaves the oldest of its flows where it has more than two, by IPv4 and IPv6', () => {
    const flows = [3, 1, 4, 2].map((flow) =>
      aBinding({ token: `${flow}`, instance: `${flow} <x>`, expiresAt: flow }),
    );
    const fifth = new Devices(asking({ wanted: wants('5 <x>') }), flows, []);
    expect([fifth.isNew, fifth.left.map(({ token }) => token)]).toEqual([false, ['1']]);
    const known = new Devices(asking({ wanted: wants('4 <x>') }), flows, []);
    expect(known.left.map(({ token }) => token)).toEqual(['4']);
  });

  test('is not the one with the same Call-ID and another instance', () => {
    const devices = new Devices(
      asking({ callId: 'registered', wanted: wants(' <2>') }),
      [aBinding({ instance: ' <1>' })],
      [],
    );
    expect([devices.isNew, devices.others]).toEqual([true, 1]);
  });

  test('does not count what has ended, or ends with this', () => {
    const [over, ends] = [aBinding({ expiresAt: -1 }), aBinding({ token: 'u' })];
    expect(new Devices(asking(), [over, ends], [ends]).others).toBe(0);
  });

  test('has come back with nothing when it takes something back, or only asks', () => {
    const devices = new Devices(asking({ callId: 'registered', wanted: [] }), [aBinding()], []);
    expect([devices.isNew, devices.left]).toEqual([false, []]);
  });
});

describe('when there are too many', () => {
  const [oldest, alike, young] = [
    aBinding({ token: '1', expiresAt: 100 }),
    aBinding({ token: '2', expiresAt: 300, address: '192.0.2.9', userAgent: 'B' }),
    aBinding({ token: '3', expiresAt: 200 }),
  ];
  const devices = new Devices(asking(), [young, alike, oldest], []);

  test.each([
    [4, []],
    [3, [alike]],
    [2, [alike, oldest]],
    [1, [alike, oldest, young]],
  ])('and %i are to stay, the one that looks alike goes first, then the oldest', (most, going) => {
    expect(devices.beyond(most)).toEqual(going);
  });

  test('a device goes with all of its flows', () => {
    const flows = [
      aBinding({ token: '1', instance: '1 <x>' }),
      aBinding({ token: '2', instance: '2 <x>' }),
    ];
    const two = new Devices(asking(), flows, []);
    expect([two.others, two.beyond(1)]).toEqual([1, flows]);
  });

  test('those that say nothing of themselves do not look alike for that', () => {
    const silent = aBinding({ userAgent: '', address: '192.0.2.9' });
    expect(new Devices(asking({ userAgent: '' }), [silent], []).alike).toBe(0);
  });
});

describe('the instance of a Contact', () => {
  test.each([
    [';+sip.instance="<urn:uuid:1>";reg-id=2', '2 <urn:uuid:1>'],
    [';+SIP.instance="<urn:uuid:1>"', ' <urn:uuid:1>'],
    [';q=0.5', ''],
    [`;+sip.instance="<${'x'.repeat(200)}>"`, ''],
  ])('of %j is %j', (parameters, instance) => {
    expect(contactFacts(parameters).instance).toBe(instance);
  });
});
