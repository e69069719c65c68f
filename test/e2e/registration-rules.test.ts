import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone, type PhoneOptions } from '../support/a-phone.ts';
import { isRegistrar } from '../support/a-registrar.ts';
import { type Asterisk, startAsterisk } from '../support/asterisk.ts';
import { drawbridge } from '../support/drawbridge.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';
import { type SippOptions, sipp } from '../support/sipp.ts';

const right = { user: '1001', password: 'secret1001' };

/** How many Asterisk has of an extension. */
const contacts = async ({ cli }: Asterisk, extension: string): Promise<number> =>
  (await cli(`pjsip show aor ${extension}`)).split(`Contact:  ${extension}/`).length - 1;

const extensions = (list: Readonly<Record<string, object>>, more: object = {}) => ({
  'extensions.yaml': JSON.stringify({ extensions: { ...more, list } }),
});

/** Extensions that are set so that one who registers from a loopback address over UDP breaks one thing. */
const particular = extensions({
  1002: { registerName: 'u-1002' },
  1003: { userAgents: ['Yealink'] },
  1004: { permittedIps: ['192.0.2.0/24'] },
  1005: { transports: ['tls', 'tcp'] },
  1006: { remote: false },
  1007: { certificateName: '{extension}.example.com' },
});
/** The same, of whom nothing is to be refused. */
const suited = extensions({
  1002: { registerName: '1002' },
  1004: { permittedIps: ['127.0.0.0/8'] },
  1006: { remote: false },
});

describe('in front of Asterisk, as shipped', () => {
  const gateAddress = ownAddress();
  let asterisk: Asterisk;
  let gate: Gate;
  const phones: Phone[] = [];

  beforeAll(async () => {
    // it would take five devices
    asterisk = await startAsterisk({
      edge: `${gateAddress}:${ownPorts.sip}`,
      contactsPerExtension: 5,
    });
    gate = await startGate({
      pbx: asterisk.uri,
      address: gateAddress,
      rules: 'shipped',
      settings: { 'site.localNetworks': '[10.0.0.0/8]' },
      policies: particular,
    });
  });
  afterAll(async () => {
    await gate?.close();
    await asterisk?.close();
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') console.log(gate.logs().slice(-4000));
    await Promise.all(phones.splice(0).map((one) => one.close()));
  });

  const play = (scenario: string, options: Partial<SippOptions>) =>
    sipp(scenario, { target: gate.udp, keywords: { ua: 'SIPp' }, ...options });
  async function phone(user: string, options: Partial<PhoneOptions> = {}): Promise<Phone> {
    const one = await aPhone({
      ...{ user, password: `secret${user}`, to: gate.udp, address: ownAddress() },
      ...options,
    });
    phones.push(one);
    return one;
  }

  test('a phone with the right password registers', () => play('legit/register', { as: right }));

  test('ten wrong passwords, and the right one is refused too; elsewhere it is taken (R6)', async () => {
    const address = ownAddress();
    const guess = { user: '1010', password: 'wrong' };
    const secret = { user: '1010', password: 'secret1010' };
    await play('attack/refused-password', { as: guess, calls: 10, rate: 5, address });
    await play('attack/refused-password', { as: secret, address });
    const refusals = ['events', '--reason', 'locked-out', '--data', gate.data];
    await expect
      .poll(async () => (await drawbridge(...refusals)).output, { timeout: 10_000 })
      .toMatch(/1010 .*locked-out, by lockout/);
    const owner = await phone('1010');
    await owner.register();
    await owner.unregister();
  });

  test('nine wrong passwords do not lock anybody out: the scenario above can fail', async () => {
    const address = ownAddress();
    const guess = { user: '1010', password: 'wrong' };
    const secret = { user: '1010', password: 'secret1010' };
    await play('attack/refused-password', { as: guess, calls: 9, rate: 5, address });
    const taken = play('attack/refused-password', { as: secret, address });
    await expect(taken).rejects.toThrow('200 OK');
  });

  test.each([
    ['1002', 'its register name (R1)'],
    ['1003', 'its User-Agent (R2)'],
    ['1004', 'where it comes from (R3)'],
    ['1005', 'its transport (R4)'],
    ['1006', 'being remote (R8)'],
    ['1007', 'having no certificate (R11)'],
  ])('%s is refused for %s, be the password right', async (user) => {
    await play('attack/refused-password', { as: { user, password: `secret${user}` } });
    expect(await contacts(asterisk, user)).toBe(0);
  });

  test.each([
    ['1005', 'over TCP', 'tcp', 'SIPp'],
    ['1003', 'as a Yealink', 'udp', 'Yealink SIP-T46U'],
  ] as const)('%s gets in %s: the scenario above can fail', async (user, _how, transport, ua) => {
    const taken = play('attack/refused-password', {
      ...{ as: { user, password: `secret${user}` }, keywords: { ua }, transport },
      target: gate[transport],
    });
    await expect(taken).rejects.toThrow('200 OK');
  });

  test('who has its register name (R1), comes from where it may (R3) or is at home (R8) gets in: so can it for those', async () => {
    const open = await startGate({ pbx: asterisk.uri, rules: 'shipped', policies: suited });
    try {
      for (const user of ['1002', '1004', '1006']) {
        const as = { user, password: `secret${user}` };
        const taken = play('attack/refused-password', { target: open.udp, as });
        await expect(taken).rejects.toThrow('200 OK');
      }
    } finally {
      await open.close();
    }
  });

  test('extensions that exist and those that do not are told the same (R7)', async () => {
    for (const user of ['1001', '1002', '9999', 'admin'])
      await play('attack/enumerate-extensions', { as: { user, password: 'wrong' } });
  });

  test('credentials that answer no challenge are not tried (N12)', async () => {
    const address = ownAddress();
    await play('attack/forged-credentials', {
      as: { user: '1009', password: 'x' },
      address,
      calls: 15,
    });
    const owner = await phone('1008', { address });
    await owner.register();
    await owner.unregister();
  });

  test('a registration lasts a minute at least (R9)', () =>
    play('attack/registers-every-second', { as: right }));

  test('a second device is refused, and calls go on to the first (R5)', async () => {
    const first = await phone('1008');
    await first.register({ headers: { 'User-Agent': 'A' } });
    const second = await phone('1008');
    const refused = await second.tryToRegister({ headers: { 'User-Agent': 'B' } });
    expect(refused.status).toBe(401);
    await play('attack/refused-password', { as: { user: '1008', password: 'secret1008' } });
    await asterisk.cli('channel originate PJSIP/1008 application Milliwatt');
    await (await first.accept(await first.expect('INVITE'))).bye();
    await second.silence(200);
  });

  test('a phone that comes back on another port is no second one, and the old port is not called (R5)', async () => {
    const address = ownAddress();
    const before = await phone('1009', { address });
    await before.register({ headers: { 'User-Agent': 'A' } });
    const after = await phone('1009', { address });
    await after.register({ headers: { 'User-Agent': 'A' } });
    await asterisk.cli('channel originate PJSIP/1009 application Milliwatt');
    await (await after.accept(await after.expect('INVITE'))).bye();
    await before.silence(200);
    expect(await contacts(asterisk, '1009')).toBe(1);
  });
});

describe.each(['contact', 'path'])(
  'where the newest device replaces the oldest, by %s (R5)',
  (toward) => {
    const gateAddress = ownAddress();
    let asterisk: Asterisk;
    let gate: Gate;

    beforeAll(async () => {
      asterisk = await startAsterisk({
        edge: `${gateAddress}:${ownPorts.sip}`,
        contactsPerExtension: 5,
      });
      gate = await startGate({
        pbx: asterisk.uri,
        address: gateAddress,
        rules: 'shipped',
        settings: { 'registration.devices.atLimit': 'replace', 'pbx.registration.toward': toward },
      });
    });
    afterAll(async () => {
      await gate?.close();
      await asterisk?.close();
    });

    test('Asterisk forgets the old one, and its calls reach the new one only', async () => {
      const options = { user: '1001', password: 'secret1001', to: gate.udp };
      const old = await aPhone({ ...options, address: ownAddress() });
      const fresh = await aPhone({ ...options, address: ownAddress() });
      await old.register({ headers: { 'User-Agent': 'A' } });
      const ok = await fresh.register({ headers: { 'User-Agent': 'B' } });
      expect(ok.list('Contact')).toHaveLength(1);
      expect(await contacts(asterisk, '1001')).toBe(1);
      // 7: all contacts there are
      await asterisk.cli('channel originate Local/71001@internal application Milliwatt');
      await (await fresh.accept(await fresh.expect('INVITE'))).bye();
      await old.silence(300);
      await Promise.all([old.close(), fresh.close()]);
    });
  },
);

describe('in front of a PBX that tells', () => {
  const users = ['1001', '9999'];
  let pbx: Pbx;
  beforeAll(async () => {
    pbx = await aPbx({ address: ownAddress(), port: ownPorts.sip });
    const headers = { Server: 'PBX 1.0' };
    isRegistrar(pbx, { passwords: { 1001: 'secret1001' }, wrong: 403, unknown: 404, headers });
  });
  afterAll(() => pbx?.close());

  async function each(rules: 'shipped' | 'off') {
    const gate = await startGate({ pbx: pbx.uri, rules });
    const told = [];
    for (const user of users) {
      const as = { user, password: 'wrong' };
      const heard = sipp('attack/enumerate-extensions', { target: gate.udp, as });
      told.push(
        await heard.then(
          () => 'a challenge',
          () => 'more',
        ),
      );
    }
    await gate.close();
    return told;
  }

  test('strangers hear a challenge of any extension (R7)', async () => {
    expect(await each('shipped')).toEqual(['a challenge', 'a challenge']);
  });
  test('and without the rules they hear which is which: the scenario can fail', async () => {
    expect(await each('off')).toEqual(['more', 'more']);
  });
  test('without the rules a second is granted, and forged credentials go through: those scenarios can fail', async () => {
    const gate = await startGate({ pbx: pbx.uri, rules: 'off' });
    for (const scenario of ['registers-every-second', 'forged-credentials'])
      await expect(sipp(`attack/${scenario}`, { target: gate.udp, as: right })).rejects.toThrow();
    await gate.close();
  });
});
