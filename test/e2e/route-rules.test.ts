import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { hashPin } from '../../src/edge/pin-check.ts';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { type Asterisk, startAsterisk } from '../support/asterisk.ts';
import { type Gate, type GateOptions, startGate } from '../support/gate-process.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';
import { sdp } from '../support/sip-call.ts';
import { contactOf } from '../support/sip-party.ts';
import { type SippOptions, sipp, sippServer } from '../support/sipp.ts';

const PHONE_PORT = 5070;
const AUSTRIA = '0043123456789';
const SWITZERLAND = '0041443335555';
/** Of Asterisk, to 030 87654321: a number that nobody else here has just transferred to. */
const SPEED_DIAL = '*5';
const pinKey = Buffer.alloc(32, 7);

const route = (about: object = {}) => ({
  ...{ name: 'abroad', patterns: ['00.'], strip: 2, prepend: '+', trunks: ['carrier', 'second'] },
  ...about,
});
const national = { name: 'national', patterns: ['0Z.'], trunks: ['carrier'] };

interface Policy {
  readonly routes?: readonly object[];
  readonly settings?: GateOptions['settings'];
  readonly rules?: 'off';
}

/** The real process between scripted carriers and a PBX that answers and takes transfers. */
class Site implements AsyncDisposable {
  readonly pbx: Pbx;
  readonly carriers: readonly [Pbx, Pbx];
  readonly gate: Gate;
  readonly #data: string;
  readonly #phones: Phone[] = [];

  private constructor(pbx: Pbx, carriers: readonly [Pbx, Pbx], gate: Gate, data: string) {
    this.pbx = pbx;
    this.carriers = carriers;
    this.gate = gate;
    this.#data = data;
  }

  static async open({ routes = [], settings = {}, rules }: Policy = {}): Promise<Site> {
    const pbx = await aPbx({ address: ownAddress() });
    const carriers = await Promise.all([
      aPbx({ address: ownAddress() }),
      aPbx({ address: ownAddress() }),
    ]);
    pbx.registersAll();
    pbx.always('REFER', (refer) => pbx.answer(refer, 202));
    pbx.always('INVITE', (invite) => pbx.answer(invite, 200));
    pbx.always('BYE', (bye) => pbx.answer(bye, 200));
    const data = mkdtempSync(join(tmpdir(), 'route-rules-'));
    writeFileSync(join(data, 'pin.key'), pinKey, { mode: 0o600 });
    const trunks = carriers.map(({ uri }, index) => ({ name: ['carrier', 'second'][index], uri }));
    const gate = await startGate({
      ...{ pbx: pbx.uri, rules: rules ?? 'shipped', data },
      settings: {
        'site.homeCountry': 'DE',
        'outbound.allowed-countries.countries': '[AT]',
        'outbound.call-frequency.limits': '[]',
        ...settings,
      },
      routes: {
        'trunks.yaml': JSON.stringify({ trunks }),
        'outbound.yaml': JSON.stringify({ outboundRoutes: routes }),
      },
    });
    return new Site(pbx, carriers, gate, data);
  }

  /** A phone at the place where SIPp will play one. */
  async registered(user = '1001', address = ownAddress()): Promise<string> {
    const phone = await aPhone({ user, address, port: PHONE_PORT, to: this.gate.udp });
    await phone.register();
    await phone.close();
    return address;
  }
  async phone(user = '1001'): Promise<Phone> {
    const phone = await aPhone({ user, address: ownAddress(), to: this.gate.udp });
    this.#phones.push(phone);
    await phone.register();
    return phone;
  }

  play(scenario: string, callee: string, options: Partial<SippOptions> = {}): Promise<void> {
    const as = options.as ?? { user: '1001', password: '' };
    return sipp(`attack/${scenario}`, { target: this.gate.udp, callee, as, ...options });
  }
  /** The PBX calls out. */
  async calls(number: string, headers: Record<string, string> = {}) {
    const { address, port } = this.gate.udp;
    return this.pbx.invite(`sip:${number}@${address}:${port}`, {
      to: { address, port, transport: 'udp' },
      headers: { From: `<sip:1001@${address}>;tag=${crypto.randomUUID()}`, ...headers },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gate.close();
    const parties = [this.pbx, ...this.carriers, ...this.#phones];
    await Promise.all(parties.map((party) => party.close()));
    rmSync(this.#data, { recursive: true });
  }
}

describe('a call by a phone', () => {
  test.each([
    ['by a route for others (O2)', { extensions: ['1002'] }, { extensions: ['1001'] }],
    ['out of hours (O4)', { times: ['past'] }, { times: ['all'] }],
    ['without a PIN (O3)', { pin: 'any' }, {}],
    ['that no route takes (O13)', { patterns: ['0049.'] }, {}, 404],
  ] as const)(
    '%s is refused; the scenario fails where it is let through',
    async (...[, barred, free, status]) => {
      const settings = { times: '{ past: { dates: [2020-01-01] }, all: {} }', ...withPin };
      const noRoute =
        status === undefined ? {} : { 'outbound.route-permission.noRouteAnswer': 403 };
      await using site = await Site.open({
        routes: [route(barred)],
        settings: { ...settings, ...noRoute },
      });
      const address = await site.registered();
      await site.play('refused-call', AUSTRIA, { address });
      expect(site.pbx.received.filter(({ method }) => method === 'INVITE')).toEqual([]);

      await using open = await Site.open({ routes: [route(free)], settings });
      const there = await open.registered();
      await expect(open.play('refused-call', AUSTRIA, { address: there })).rejects.toThrow('200');
    },
  );

  test('with the wrong PIN is refused, after five with the right one too; not after four (O3)', async () => {
    await using site = await Site.open({ routes: [route({ pin: 'any' })], settings: withPin });
    const address = await site.registered();
    const dial = (pin: string, calls = 1) =>
      site.play('pin-guessing', AUSTRIA, { address, calls, keywords: { pin } });
    await dial('1234', 5);
    await dial('4711');
    expect(site.gate.logs() + (await site.gate.status())).not.toContain('4711');

    await using other = await Site.open({ routes: [route({ pin: 'any' })], settings: withPin });
    const there = await other.registered();
    const guess = (pin: string, calls = 1) =>
      other.play('pin-guessing', AUSTRIA, { address: there, calls, keywords: { pin } });
    await guess('1234', 4);
    await expect(guess('4711')).rejects.toThrow('200');
    const invite = other.pbx.received.find(({ method }) => method === 'INVITE');
    expect(invite?.uri).toMatch(`sip:${AUSTRIA}@`);
    expect(invite?.text).not.toContain('4711');
  });

  test('ends when it has lasted long enough, on both sides (O9); without a limit it goes on', async () => {
    await using site = await Site.open({ settings: { 'outbound.call-duration.seconds': 2 } });
    const address = await site.registered();
    await site.play('long-call', AUSTRIA, { address });
    // the phone may have hung up before the PBX has its own
    const byeAtPbx = () => site.pbx.received.find(({ method }) => method === 'BYE');
    await expect.poll(() => byeAtPbx()?.header('Reason')).toMatch('Q.850;cause=102');
    await expect.poll(() => site.gate.logs()).toContain('a call was ended: too long');

    await using endless = await Site.open();
    const there = await endless.registered();
    const waits = endless.play('long-call', AUSTRIA, { address: there, patienceMs: 4000 });
    await expect(waits).rejects.toThrow();
  });

  test('cannot be transferred to where the phone may not call; without rules it is', async () => {
    await using site = await Site.open();
    const address = await site.registered();
    await site.play('transfer-abroad', '1002', { address, keywords: { target: SWITZERLAND } });
    expect(site.pbx.received.filter(({ method }) => method === 'REFER')).toEqual([]);
    const allowed = { address, keywords: { target: AUSTRIA } };
    await expect(site.play('transfer-abroad', '1002', allowed)).rejects.toThrow('202');

    await using open = await Site.open({ rules: 'off' });
    const there = await open.registered();
    const passed = { address: there, keywords: { target: SWITZERLAND } };
    await expect(open.play('transfer-abroad', '1002', passed)).rejects.toThrow('202');
  });

  test('is not forwarded to where the phone may not call (302); without rules it is', async () => {
    const pbxToo = ownAddress();
    const forwarded = async (site: Site): Promise<void> => {
      const address = await site.registered();
      const target = contactOf(
        site.pbx.received.findLast(({ method }) => method === 'REGISTER') ?? fail('no REGISTER'),
      );
      const phone = await sippServer('attack/forward-abroad', { address, port: PHONE_PORT });
      const [pbxSide, phoneSide] = [
        await sipp('attack/forward-abroad-pbx', {
          target: site.gate.udp,
          address: pbxToo,
          keywords: { target },
        }).then(() => '', String),
        await phone.done().then(() => '', String),
      ];
      if (pbxSide + phoneSide !== '') throw new Error(`${pbxSide}\n${phoneSide}`);
    };
    const settings = { 'pbx.sources': `[${pbxToo}]` };
    await using site = await Site.open({ settings });
    await forwarded(site);
    await using open = await Site.open({ settings, rules: 'off' });
    await expect(forwarded(open)).rejects.toThrow('302');
  });
});

const withPin = {
  pins: `{ anna: { hash: "${hashPin('4711', 's'.repeat(22), pinKey)}" } }`,
};
function fail(why: string): never {
  throw new Error(why);
}

describe('a call by the PBX', () => {
  let site: Site;
  beforeAll(async () => {
    site = await Site.open({ routes: [route({ extensions: ['1001'] }), national] });
  }, 30_000);
  afterAll(() => site?.[Symbol.asyncDispose]());

  test('leaves as the number that its route makes, by the next trunk when the first fails (O13)', async () => {
    const [first, second] = site.carriers;
    first.always('INVITE', (invite) => first.answer(invite, 503));
    const call = await site.calls(AUSTRIA);
    const invite = await second.expect('INVITE');
    expect(invite.uri?.split('@')[0]).toBe('sip:+43123456789');
    const accepting = second.accept(invite);
    await call.answered();
    await accepting;
    expect(await site.gate.status()).toMatch(/second, route abroad/);
    const bye = call.ask('BYE');
    second.answer(await second.expect('BYE'), 200);
    await bye;
  });

  test.each([
    ['by another extension', { From: '<sip:1002@pbx>;tag=x' }],
    ['forwarded by another', { Diversion: '<sip:1002@pbx>;reason=unconditional' }],
    ['transferred by another', { 'Referred-By': '<sip:1002@pbx>' }],
  ] as const)('%s is refused', async (_what, headers) => {
    const call = await site.calls(AUSTRIA, headers);
    expect((await call.final()).status).toBe(403);
  });

  test('to a country that is not allowed is refused, whoever forwarded it there', async () => {
    const call = await site.calls(SWITZERLAND, { Diversion: '<sip:1001@pbx>' });
    expect((await call.final()).status).toBe(403);
  });
});

describe('with Asterisk', () => {
  const gateAddress = ownAddress();
  let asterisk: Asterisk;
  let carrier: Pbx;
  let gate: Gate;
  const phones: Phone[] = [];

  beforeAll(async () => {
    asterisk = await startAsterisk({
      edge: `${gateAddress}:${ownPorts.sip}`,
      trustsPhones: true,
    });
    carrier = await aPbx({ address: ownAddress(), answersOptions: false });
    gate = await startGate({
      ...{ pbx: asterisk.uri, address: gateAddress, rules: 'shipped' },
      settings: {
        'site.homeCountry': 'DE',
        'site.dialPlan.outsidePrefix': '"8"',
        'outbound.call-duration.seconds': 3,
      },
      routes: {
        'trunks.yaml': JSON.stringify({ trunks: [{ name: 'carrier', uri: carrier.uri }] }),
        'outbound.yaml': JSON.stringify({
          outboundRoutes: [{ ...national, extensions: ['1001', '1002'] }],
        }),
      },
    });
  }, 60_000);
  afterAll(async () => {
    await gate?.close();
    await asterisk?.close();
    await carrier?.close();
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail')
      console.log(`${gate.logs().slice(-4000)}\n${asterisk.log().slice(-4000)}`);
    for (const one of phones.splice(0)) {
      await one.unregister();
      await one.close();
    }
    carrier.received.length = 0;
  });

  async function phone(user: string): Promise<Phone> {
    const one = await aPhone({
      ...{ user, password: `secret${user}`, to: gate.udp, address: ownAddress() },
    });
    phones.push(one);
    await one.register();
    return one;
  }
  const channels = async () => await asterisk.cli('core show channels count');

  test('a call outside is one call from phone to carrier, and ends on all sides (O9)', async () => {
    const anna = await phone('1001');
    const call = await anna.invite('803012345678');
    const invite = await carrier.expect('INVITE');
    expect(invite.uri).toMatch(/^sip:03012345678@/);
    const accepting = carrier.accept(invite);
    await call.answered();
    await accepting;
    expect(await gate.status()).toMatch(/carrier, route national/);
    const byes = await Promise.all([anna, carrier].map((party) => party.expect('BYE')));
    [anna, carrier].forEach((party, index) => {
      const bye = byes[index];
      if (bye !== undefined) party.answer(bye, 200);
    });
    await expect.poll(channels, { timeout: 5000 }).toMatch(/^0 active channels/m);
  }, 30_000);

  test('a blind transfer to the outside is judged, and one in the house is not hindered', async () => {
    const [anna, ben] = await Promise.all([phone('1003'), phone('1002')]);
    const call = await anna.invite('1002');
    const accepting = ben.accept(await ben.expect('INVITE'));
    await call.answered();
    await accepting;
    const transfer = (target: string) =>
      call.ask('REFER', { headers: { 'Refer-To': `<sip:${target}@${gateAddress}>` } });
    expect((await transfer('803012345678')).status).toBe(403);
    expect((await transfer('80041443335555')).status).toBe(404);
    const carla = await phone('1004');
    expect((await transfer('1004')).status).toBe(202);
    carla.answer(await carla.expect('INVITE'), 486);
  }, 30_000);

  test('an attended transfer joins two calls of a phone, whatever the PBX calls itself in them', async () => {
    const [anna, ben, carla] = await Promise.all([phone('1003'), phone('1002'), phone('1004')]);
    const answered = async (callee: Phone, number: string) => {
      const call = await anna.invite(number);
      const accepting = callee.accept(await callee.expect('INVITE'));
      const ok = await call.answered();
      await accepting;
      return { call, ok };
    };
    const toBen = await answered(ben, '1002');
    const { ok } = await answered(carla, '1004');
    const dialog = encodeURIComponent(`${ok.callId};to-tag=${ok.toTag};from-tag=${ok.fromTag}`);
    const refer = { headers: { 'Refer-To': `<sip:asterisk@${gateAddress}?Replaces=${dialog}>` } };
    expect((await toBen.call.ask('REFER', refer)).status).toBe(202);
    anna.answer(await anna.expect('BYE'), 200);
  }, 30_000);

  test('a transfer by who may call outside reaches the carrier, charged to who transferred', async () => {
    const [anna, ben] = await Promise.all([phone('1001'), phone('1005')]);
    const call = await anna.invite('1005');
    const accepting = ben.accept(await ben.expect('INVITE'));
    await call.answered();
    await accepting;
    await sleep(500); // Asterisk joins the two a moment after it has answered them, and transfers nobody before
    const refer = { headers: { 'Refer-To': `<sip:803012345678@${gateAddress}>` } };
    expect((await call.ask('REFER', refer)).status).toBe(202);
    const invite = await carrier.expect('INVITE');
    expect(invite.uri).toMatch(/^sip:03012345678@/);
    carrier.answer(invite, 486);
  }, 30_000);

  /** Asterisk says by a re-INVITE who is at the other end now, and ends no call before that is answered. */
  const isToldOfOthers = (one: Phone) =>
    one.always('INVITE', (again) => one.answer(again, 200, { body: sdp(one.address, 40_002) }));
  const isCalled = () => carrier.received.some(({ method }) => method === 'INVITE');

  test.each([
    ['P-Asserted-Identity', '<sip:1002@pbx>'],
    ['Remote-Party-ID', '<sip:1002@pbx>;party=calling'],
    ['Diversion', '<sip:1002@pbx>;reason=unconditional'],
  ])(
    'a phone that says by %s in the midst of a call that it is another one stays itself',
    async (header, value) => {
      const mallory = await phone('1003');
      isToldOfOthers(mallory);
      const call = await mallory.invite(SPEED_DIAL);
      await call.answered();
      const headers = { [header]: value };
      const body = sdp(mallory.address, 40_002);
      expect((await call.ask('INVITE', { headers, body })).status).toBe(200);
      mallory.answer(await mallory.expect('BYE', { within: 6000 }), 200);
      expect(isCalled()).toBe(false);
    },
    30_000,
  );

  test.each([
    ['as another one, by a speed dial', '1004', { 'Referred-By': '<sip:1002@pbx>' }],
    ['somebody who may, and says nothing of itself', '1002', {}],
  ])(
    'a phone that may not call outside transfers nobody there %s',
    async (_what, other, says) => {
      const [mallory, ben] = await Promise.all([phone('1003'), phone(other)]);
      for (const method of ['NOTIFY', 'BYE'])
        mallory.always(method, (request) => mallory.answer(request, 200));
      const call = await mallory.invite(other);
      const accepting = ben.accept(await ben.expect('INVITE'));
      await call.answered();
      await accepting;
      for (const one of [mallory, ben]) isToldOfOthers(one);
      await sleep(500);
      const headers = { 'Refer-To': `<sip:${SPEED_DIAL}@${gateAddress}>`, ...says };
      expect((await call.ask('REFER', { headers })).status).toBe(202);
      ben.answer(await ben.expect('BYE', { within: 6000 }), 200);
      expect(isCalled()).toBe(false);
    },
    30_000,
  );

  test('a phone that forwards (302) to where it may not call leads nowhere; to where it may, it does', async () => {
    const [anna, ben, other] = await Promise.all([phone('1006'), phone('1002'), phone('1003')]);
    const barred = await anna.invite('1003');
    other.answer(await other.expect('INVITE'), 302, {
      headers: { Contact: `<sip:803012345678@${gateAddress}>` },
    });
    const final = await barred.final(20_000);
    expect([final.status, final.list('Contact')]).toEqual([480, []]);
    expect(carrier.received.filter(({ method }) => method === 'INVITE')).toEqual([]);

    const forwarded = await anna.invite('1002');
    ben.answer(await ben.expect('INVITE'), 302, {
      headers: {
        Contact: `<sip:803012345678@${gateAddress}>`,
        Diversion: `<sip:1003@${gateAddress}>`, // Asterisk would repeat it, and the call be that one's
      },
    });
    const invite = await carrier.expect('INVITE');
    expect(invite.uri).toMatch(/^sip:03012345678@/);
    carrier.answer(invite, 486);
    await forwarded.final(20_000);
  }, 60_000);
});
