import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { type Asterisk, startAsterisk } from '../support/asterisk.ts';
import { type Baresip, startBaresip } from '../support/baresip.ts';
import { startGateOnDrachtio } from '../support/gate-on-drachtio.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { onDisk } from '../support/on-disk.ts';
import { ownAddress, ownPorts } from '../support/own-address.ts';
import { uriOf } from '../support/sip-text.ts';

type PhoneTransport = 'udp' | 'tcp' | 'tls';

const ANNA = 440;
const BEN = 880;
const CARLA = 1320;

const ways = ['contact', 'path', 'contact, over a drachtio-server'] as const;

describe.each(ways)('phones, the gate and Asterisk, by %s', (way) => {
  const overDrachtio = way === 'contact, over a drachtio-server';
  const gateAddress = ownAddress();
  let asterisk: Asterisk;
  let gate: Gate;
  const baresips: Baresip[] = [];
  const phones: Phone[] = [];

  beforeAll(async () => {
    asterisk = await startAsterisk({ edge: `${gateAddress}:${ownPorts.sip}` });
    gate = await (overDrachtio ? startGateOnDrachtio : startGate)({
      pbx: asterisk.uri,
      address: gateAddress,
      settings: {
        'pbx.registration.toward': way === 'path' ? 'path' : 'contact',
        'pbx.health.everySeconds': 1,
        'pbx.health.timeoutSeconds': 0.5,
      },
    });
  }, 60_000);
  afterAll(async () => {
    await gate?.close();
    await asterisk?.close();
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail')
      console.log(`${gate.logs().slice(-4000)}\n${asterisk.log().slice(-4000)}`);
    await Promise.all(baresips.splice(0).map((one) => one.stop()));
    await Promise.all(phones.splice(0).map((one) => one.close()));
  });

  /** A softphone that is registered through the gate. */
  async function softphone(user: string, tone: number, transport: PhoneTransport) {
    const { address, port } = gate[transport];
    const one = await startBaresip({
      ...{ user, password: `secret${user}`, tone, transport },
      registrar: `${address}:${port}`,
    });
    baresips.push(one);
    await one.registered();
    return one;
  }

  async function scriptedPhone(user: string, transport: PhoneTransport) {
    const one = await aPhone({
      ...{ user, password: `secret${user}`, transport },
      to: gate[transport],
      address: ownAddress(),
    });
    phones.push(one);
    await one.register();
    return one;
  }

  async function inCall(caller: Baresip, callee: Baresip) {
    await caller.dial(callee.user);
    await callee.pickUp();
    await Promise.all([caller.talking(), callee.talking()]);
  }

  test.each([
    ['udp', 'udp'],
    ['udp', 'tcp'],
    ['tcp', 'tls'],
    ['tls', 'udp'],
    ['tls', 'tls'],
  ] as const)(
    '%s calls %s, both hear the other, both know when it is over',
    async (from, to) => {
      const [anna, ben] = await Promise.all([
        softphone('1001', ANNA, from),
        softphone('1002', BEN, to),
      ]);
      await inCall(anna, ben);
      await Promise.all([anna.hears(BEN), ben.hears(ANNA)]);
      await anna.hangUp();
      await Promise.all([anna.over(), ben.over()]);

      await inCall(ben, anna);
      await Promise.all([anna.hears(BEN), ben.hears(ANNA)]);
      await anna.hangUp();
      await ben.over();
    },
    40_000,
  );

  test('hold silences a call, resume brings it back', async () => {
    const [anna, ben] = await Promise.all([
      softphone('1001', ANNA, 'udp'),
      softphone('1002', BEN, 'tls'),
    ]);
    await inCall(anna, ben);
    await ben.hears(ANNA);
    await anna.hold();
    await ben.hearsNothing();
    await anna.resume();
    // Only the held one: baresip 1.0 drops what it gets after a hold of its own, with or without a gate.
    await ben.hears(ANNA);
    await ben.hangUp();
    await anna.over();
  }, 40_000);

  test('a blind transfer leaves the other two talking', async () => {
    const [anna, ben, carla] = await Promise.all([
      softphone('1001', ANNA, 'tls'),
      softphone('1002', BEN, 'udp'),
      softphone('1003', CARLA, 'tcp'),
    ]);
    await inCall(anna, ben);
    await ben.hears(ANNA);
    await anna.transfer(carla.user);
    await carla.pickUp();
    await Promise.all([anna.over(), carla.talking()]);
    await Promise.all([ben.hears(CARLA), carla.hears(BEN)]);
    await ben.hangUp();
    await carla.over();
  }, 40_000);

  test('an attended transfer (REFER with Replaces) joins the two calls of one phone', async () => {
    const [ben, carla] = await Promise.all([
      softphone('1002', BEN, 'tls'),
      softphone('1003', CARLA, 'udp'),
    ]);
    const anna = await scriptedPhone('1001', 'tcp');
    const toBen = await anna.invite('1002');
    await ben.pickUp();
    await toBen.answered();
    const toCarla = await anna.invite('1003');
    await carla.pickUp();
    const answer = await toCarla.answered();

    const replaced = encodeURIComponent(
      `${toCarla.callId};to-tag=${answer.toTag};from-tag=${answer.fromTag}`,
    );
    const target = uriOf(answer.header('Contact') ?? '');
    const refer = toBen.request('REFER', {
      headers: { 'Refer-To': `<${target}?Replaces=${replaced}>` },
    });
    expect((await anna.finalAnswer(refer)).status).toBe(202);
    const outcome = await anna.expect(
      ({ method, body }) => method === 'NOTIFY' && body.includes('200 OK'),
    );
    anna.answer(outcome, 200);
    await Promise.all([ben.hears(CARLA), carla.hears(BEN)]);
  }, 40_000);

  test('a call from the PBX reaches a TLS phone over its own connection (I4)', async () => {
    const phone = await scriptedPhone('1004', 'tls');
    await asterisk.cli('channel originate PJSIP/1004 application Milliwatt');
    const invite = await phone.expect('INVITE');
    expect(invite.uri).toContain('1004');
    expect(invite.from).toMatchObject(gate.tls);
    const call = await phone.accept(invite);
    await sleep(200);
    await call.bye();
  }, 20_000);

  test('what a phone hears says neither where the PBX is nor what it is (S5)', async () => {
    const [flora, gustav] = await Promise.all([
      scriptedPhone('1009', 'tcp'),
      scriptedPhone('1010', 'udp'),
    ]);
    const call = await flora.invite('1010');
    const answering = gustav.accept(await gustav.expect('INVITE'));
    await call.answered();
    await answering;
    await sleep(200);
    await call.bye();
    gustav.answer(await gustav.expect('BYE'), 200);
    for (const { received } of [flora, gustav])
      for (const { text, header } of received) {
        expect([header('Server'), header('User-Agent')]).toEqual([undefined, undefined]);
        // its own affair, see routes/pbx.yaml
        const head = text.slice(0, text.indexOf('\r\n\r\n'));
        expect(head.replace(/^(From|To|Call-ID|P-Asserted-Identity):.*$/gim, '')).not.toContain(
          asterisk.address,
        );
      }
  }, 20_000);

  test('messages and presence pass', async () => {
    const [dora, emil] = await Promise.all([
      scriptedPhone('1005', 'tls'),
      scriptedPhone('1006', 'udp'),
    ]);
    const greeting = Buffer.from('Grüße').toString('latin1'); // UTF-8, a character for each byte
    const message = dora.request('MESSAGE', `sip:1006@${gateAddress}`, {
      body: greeting,
      headers: { 'Content-Type': 'text/plain;charset=UTF-8' },
    });
    expect((await dora.finalAnswer(message)).status).toBe(202);
    const received = await emil.expect('MESSAGE');
    expect(received.body).toBe(greeting);
    emil.answer(received, 200);

    const subscribe = dora.request('SUBSCRIBE', `sip:1006@${gateAddress}`, {
      headers: { Event: 'presence', Expires: '60', Accept: 'application/pidf+xml' },
    });
    expect((await dora.finalAnswer(subscribe)).status).toBe(200);
    const first = await dora.expect('NOTIFY');
    dora.answer(first, 200);
    expect(first.body).toContain('<basic>open</basic>');

    await asterisk.cli('channel originate PJSIP/1006 application Milliwatt');
    const call = await emil.accept(await emil.expect('INVITE'));
    const second = await dora.expect(
      ({ method, body }) => method === 'NOTIFY' && /on the phone|busy/i.test(body),
    );
    dora.answer(second, 200);
    await call.bye();
  }, 20_000);

  test('the PBX restarts and calls work again', async () => {
    const [anna, ben] = await Promise.all([
      softphone('1001', ANNA, 'tcp'),
      softphone('1002', BEN, 'udp'),
    ]);
    await asterisk.restart();
    // Two health checks, a second apart, take a node back in.
    await expect
      .poll(async () => (await fetch(`http://${gate.http}/readyz`)).status, { timeout: 10_000 })
      .toBe(200);
    await inCall(anna, ben);
    await Promise.all([anna.hears(BEN), ben.hears(ANNA)]);
    await anna.hangUp();
    await ben.over();
  }, 60_000);

  test('after a crash of the gate a UDP phone is reached at once, a TLS phone when it is back', async () => {
    const byUdp = await scriptedPhone('1007', 'udp');
    const byTls = await scriptedPhone('1008', 'tls');
    const both = [/^1007@/, /^1008@/].map((aor) => expect.stringMatching(aor));
    await expect
      .poll(() => onDisk(gate.data, 'registrations'))
      .toEqual(expect.arrayContaining(both));
    await gate.restart();

    await asterisk.cli('channel originate PJSIP/1007 application Milliwatt');
    const invite = await byUdp.expect('INVITE');
    expect(invite.from).toMatchObject(gate.udp);
    const call = await byUdp.accept(invite);
    await call.bye();

    // a drachtio-server has kept the connection
    if (!overDrachtio) await byTls.disconnected();
    const again = overDrachtio ? byTls : await scriptedPhone('1008', 'tls');
    await asterisk.cli('channel originate PJSIP/1008 application Milliwatt');
    await (await again.accept(await again.expect('INVITE'))).bye();
  }, 40_000);
});
