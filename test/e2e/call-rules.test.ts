import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { type Asterisk, startAsterisk } from '../support/asterisk.ts';
import { drawbridge } from '../support/drawbridge.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';
import { type SippOptions, sipp } from '../support/sipp.ts';

const PHONE_PORT = 5070;
const VIENNA = '004319012345';
const ZURICH = '0041443335555';
const PREMIUM = '09001234567';
/** In a country that is allowed, and in the high-risk list. */
const LATVIAN_BAIT = '0037181123456';
const BERLIN = '03012345678';
const names = (rules: readonly string[]) =>
  Object.fromEntries(rules.map((rule) => [rule, 'off'] as const));

const invites = ({ received }: Pbx) => received.filter(({ method }) => method === 'INVITE');

/** 1001 is held to every rule; for each of the others one is off: the control, which shows that it was that rule. */
const rulesUnderTest = [
  'no-guests',
  'caller-identity',
  'unknown-numbers',
  'allowed-countries',
  'blocked-numbers',
  'blocked-classes',
  'call-frequency',
  'concurrent-calls',
] as const;
type RuleUnderTest = (typeof rulesUnderTest)[number];
const without = (rule: RuleUnderTest): string => String(1100 + rulesUnderTest.indexOf(rule));

describe('a phone', () => {
  let pbx: Pbx;
  let gate: Gate;

  beforeAll(async () => {
    pbx = await aPbx({ address: ownAddress() });
    pbx.registersAll();
    // whatever a rule lets through meets a line that is busy
    pbx.always('INVITE', (invite) => pbx.answer(invite, 486));
    pbx.always('MESSAGE', (message) => pbx.answer(message, 486));
    const list = Object.fromEntries(
      rulesUnderTest.map((rule) => [without(rule), { rules: names([rule]) }]),
    );
    gate = await startGate({
      ...{ pbx: pbx.uri, rules: 'shipped' },
      settings: {
        'site.homeCountry': 'DE',
        'registration.devices.mode': 'off',
        'outbound.allowed-countries.countries': '[AT, LV, US]',
        'outbound.blocked-numbers.blocked': '["0137."]',
        'outbound.unknown-numbers.answer': 403,
        'outbound.concurrent-calls.answer': 403,
        'outbound.concurrent-calls.extension': 2,
        extensions: JSON.stringify({ list }),
      },
    });
  }, 30_000);
  afterAll(async () => {
    await gate?.close();
    await pbx?.close();
  });
  afterEach(() => {
    pbx.received.length = 0;
  });

  /** Registers where SIPp will play it. */
  async function registered(user: string, address = ownAddress()): Promise<string> {
    const phone = await aPhone({ user, address, port: PHONE_PORT, to: gate.udp });
    await phone.register();
    await phone.close();
    return address;
  }
  const play = (scenario: string, user: string, callee: string, more: Partial<SippOptions>) =>
    sipp(`attack/${scenario}`, {
      ...{ target: gate.udp, callee, as: { user, password: '' } },
      ...more,
    });
  const calls = () => invites(pbx);

  test('that has not registered calls nobody (O1)', async () => {
    await play('unheard-call', '1001', '1002', { address: ownAddress() });
    expect(calls()).toHaveLength(0);
    const guest = play('unheard-call', without('no-guests'), '1002', { address: ownAddress() });
    await expect(guest).rejects.toThrow(/ (100|486) /);
  });

  test.each([
    ['abroad (O5)', 'allowed-countries', ZURICH],
    ['to Canada, whose numbers look American (O5)', 'allowed-countries', '0014165551234'],
    ['to what nobody can tell the country of (O5)', 'unknown-numbers', 'bob'],
    ['a number that is blocked (O6)', 'blocked-numbers', '01371234567'],
    ['a premium number (O6)', 'blocked-classes', PREMIUM],
    ['a number of the high-risk list (O6)', 'blocked-classes', LATVIAN_BAIT],
  ] as const)('does not call %s', async (_what, rule, number) => {
    await play('refused-call', '1001', number, { address: await registered('1001') });
    expect(calls()).toHaveLength(0);
    const free = without(rule);
    const let_ = play('refused-call', free, number, { address: await registered(free) });
    await expect(let_).rejects.toThrow('486');
  });

  test.each(['1002', '*97', BERLIN, VIENNA])('calls %s', async (number) => {
    const through = play('refused-call', '1001', number, { address: await registered('1001') });
    await expect(through).rejects.toThrow('486');
  });

  test.each([
    'P-Asserted-Identity: <sip:1002@gate>',
    'P-Asserted-Identity: <sip:1001@gate>, <tel:+493099999>',
    'P-Preferred-Identity: <sip:1002@gate>',
    'Remote-Party-ID: "Boss" <sip:1002@gate>;party=calling',
  ])('shows nobody else in %s (O12)', async (shown) => {
    const keywords = { shown };
    const address = await registered('1001');
    await play('caller-id-spoof', '1001', '1002', { address, keywords });
    expect(calls()).toHaveLength(0);
    const free = without('caller-identity');
    const there = await registered(free);
    const let_ = play('caller-id-spoof', free, '1002', { address: there, keywords });
    await expect(let_).rejects.toThrow('486');
  });

  test('that says it is another is refused, and not taken for that one (O12)', async () => {
    const address = await registered('1001');
    await registered('1002');
    await play('refused-call', '1002', BERLIN, { address });
    expect(calls()).toHaveLength(0);
  });

  test('makes five calls in a second and not six (O7)', async () => {
    await play('call-burst', '1001', '1002', { address: await registered('1001') });
    expect(calls()).toHaveLength(5);
    const free = without('call-frequency');
    const let_ = play('call-burst', free, '1002', { address: await registered(free) });
    await expect(let_).rejects.toThrow('486');
  });

  test('has no third call at once where two are allowed, and has it when one ends (O8)', async () => {
    const talking = new Set<string>();
    pbx.always('INVITE', (invite) => {
      const rings = talking.size < 2;
      talking.add(invite.callId);
      pbx.answer(invite, rings ? 180 : 486);
    });
    pbx.always('CANCEL', (cancel) => pbx.answer(cancel, 200));
    try {
      for (const user of ['1003', without('concurrent-calls')]) {
        talking.clear();
        const address = ownAddress();
        const phone = await aPhone({ user, address, to: gate.udp });
        await phone.register();
        const ringing = await phone.invite('1002');
        await ringing.rings();
        await (await phone.invite('1002')).rings();
        const third = play('refused-call', user, '1002', { address });
        if (user !== '1003') await expect(third).rejects.toThrow('486');
        else {
          await third;
          const { counted } = await gate.told();
          expect(counted).toContainEqual({ key: 'extension:1003', calls: 2 });
          const [invite] = calls();
          ringing.cancel();
          if (invite !== undefined) pbx.answer(invite, 487);
          await ringing.final();
          await expect(play('refused-call', user, '1002', { address })).rejects.toThrow('486');
        }
        await phone.close();
      }
    } finally {
      pbx.always('INVITE', (invite) => pbx.answer(invite, 486));
    }
  });

  test('is told nothing but the phrase of the status, and explain tells the operator why', async () => {
    const address = await registered('1001');
    await play('refused-call', '1001', ZURICH, { address });
    const asked = ['invite', ZURICH, '--as', '1001', '--set', 'site.homeCountry=DE'];
    const { code, output } = await drawbridge('explain', ...asked);
    expect(code).toBe(1);
    expect(output).toMatch(/decided by +outbound\.allowed-countries\.countries +.*outbound\.yaml/);
    expect(output).toMatch(/would pass with +add CH to the countries/);
  });
});

describe('a carrier', () => {
  const address = ownAddress();
  let pbx: Pbx;
  const gates: Gate[] = [];

  async function opened(settings: Record<string, string | number>, trunk: object = {}) {
    const trunks = [{ name: 'carrier', uri: `sip:${address}:5999`, ...trunk }];
    const gate = await startGate({
      ...{ pbx: pbx.uri, rules: 'shipped' },
      settings: { 'site.homeCountry': 'DE', ...settings },
      routes: { 'trunks.yaml': JSON.stringify({ trunks }) },
    });
    gates.push(gate);
    return gate;
  }
  const play = (gate: Gate, scenario: string, more: Partial<SippOptions> = {}) =>
    sipp(`attack/${scenario}`, {
      ...{ target: gate.udp, address, callee: '030999999' },
      ...{ as: { user: '+4989123456', password: '' }, ...more },
    });

  beforeAll(async () => {
    pbx = await aPbx({ address: ownAddress() });
    pbx.always('INVITE', (invite) => pbx.answer(invite, 486));
  });
  afterEach(async () => {
    for (const gate of gates.splice(0)) await gate.close();
    pbx.received.length = 0;
  });
  afterAll(() => pbx?.close());

  test('does not flood one number; another is reached (I2)', async () => {
    const gate = await opened({ 'inbound.inbound-frequency.called': '{ calls: 3, seconds: 60 }' });
    for (let call = 0; call < 3; call++)
      await expect(play(gate, 'did-flood')).rejects.toThrow('Retry-After');
    await play(gate, 'did-flood');
    await expect(play(gate, 'did-flood', { callee: '030999998' })).rejects.toThrow('Retry-After');
  }, 30_000);

  test.each([
    [
      'by a caller who is blocked (I3)',
      { 'inbound.blocked-callers.callers': '["+4989."]', 'inbound.blocked-callers.answer': 403 },
      {},
      '+4989123456',
    ],
    [
      'without a number, when told so (I3)',
      { 'inbound.anonymous-callers.mode': 'on', 'inbound.anonymous-callers.answer': 403 },
      {},
      'anonymous',
    ],
    [
      'without the certificate that is set for it (I1)',
      {},
      { certificateName: 'carrier.test' },
      '+4989123456',
    ],
  ])(
    'brings no call %s',
    async (_what, settings, trunk, user) => {
      const as = { user, password: '' };
      await play(await opened(settings, trunk), 'refused-call', { as });
      expect(invites(pbx)).toHaveLength(0);
      const open = await opened({});
      await expect(play(open, 'refused-call', { as })).rejects.toThrow('486');
      pbx.received.length = 0;
    },
    30_000,
  );
});

test('an emergency call gets through every limit there is, from a stranger, and is an alert (O11)', async () => {
  const pbx = await aPbx({ address: ownAddress() });
  pbx.always('INVITE', (invite) => pbx.answer(invite, 486));
  const gate = await startGate({
    ...{ pbx: pbx.uri, rules: 'shipped' },
    settings: {
      'site.homeCountry': 'DE',
      'site.localNetworks': '[]',
      'network.drop-all.mode': 'on',
      'network.request-rates.strangers': '{ invite: { perSecond: 1, burst: 1 } }',
      'outbound.call-frequency.limits': '[{ calls: 1, seconds: 3600, each: all }]',
      'outbound.concurrent-calls.extension': 0,
      'outbound.concurrent-calls.all': 0,
      'outbound.blocked-numbers.blocked': '["."]',
    },
  });
  try {
    const stranger = await aPhone({ user: '1001', address: ownAddress(), to: gate.udp });
    const dials = async (number: string) =>
      (await stranger.finalAnswer(stranger.request('INVITE', `sip:${number}@${gate.address}`)))
        .status;
    expect([await dials('112'), await dials('110'), await dials('112')]).toEqual([486, 486, 486]);
    const play = (callee: string) => sipp('attack/unheard-call', { target: gate.udp, callee });
    await play('1002');
    await expect(play('112')).rejects.toThrow('486');
    const alerts = async () =>
      (await drawbridge('events', '--data', gate.data, '--json', '--kind', 'emergency')).output;
    await expect.poll(alerts, { timeout: 15_000 }).toMatch(/"level":"alert".*"number":"112"/);
    await stranger.close();
  } finally {
    await gate.close();
    await pbx.close();
  }
}, 60_000);

describe('with Asterisk, by the shipped defaults and the address of the PBX', () => {
  const gateAddress = ownAddress();
  let asterisk: Asterisk;
  let gate: Gate;
  const phones: Phone[] = [];

  beforeAll(async () => {
    asterisk = await startAsterisk({ edge: `${gateAddress}:${ownPorts.sip}` });
    gate = await startGate({ pbx: asterisk.uri, address: gateAddress, rules: 'shipped' });
  }, 60_000);
  afterAll(async () => {
    await gate?.close();
    await asterisk?.close();
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail')
      console.log(`${gate.logs().slice(-4000)}\n${asterisk.log().slice(-4000)}`);
    for (const one of phones.splice(0)) {
      await one.unregister();
      await one.close();
    }
  });
  async function phone(user: string): Promise<Phone> {
    const one = await aPhone({
      ...{ user, password: `secret${user}`, to: gate.udp, address: ownAddress() },
    });
    phones.push(one);
    await one.register();
    return one;
  }

  test('a phone calls another, and a national number; abroad it does not get, and explain says by which line', async () => {
    const [anna, ben] = [await phone('1001'), await phone('1002')];
    const call = await anna.invite('1002');
    const accepting = ben.accept(await ben.expect('INVITE'));
    await call.answered();
    const answered = await accepting;
    const bye = answered.ask('BYE');
    anna.answer(await anna.expect('BYE'), 200);
    await bye;

    const national = await anna.invite('9030123456');
    await national.answered();
    await national.bye();

    const abroad = await anna.invite(VIENNA);
    expect((await abroad.final()).status).toBe(403);
    const { output } = await drawbridge('explain', 'invite', VIENNA, '--as', '1001');
    expect(output).toMatch(/REFUSES +outbound +allowed-countries/);
    expect(output).toMatch(/policies\/outbound\.yaml:\d+/);
  }, 30_000);

  test('a stranger with the right password calls nobody before he has registered', async () => {
    const mallory = await aPhone({
      ...{ user: '1001', password: 'secret1001', to: gate.udp, address: ownAddress() },
    });
    phones.push(mallory);
    await mallory.invite('1002');
    await mallory.silence(700);
  });
});
