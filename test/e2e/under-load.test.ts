import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { aPbx, type Pbx } from '../support/a-pbx.ts';
import { aPhone, type Phone } from '../support/a-phone.ts';
import { flood } from '../support/flood.ts';
import { type Gate, startGate } from '../support/gate-process.ts';
import { ownAddress } from '../support/own-address.ts';
import type { WireTransport } from '../support/sip-wire.ts';

let pbx: Pbx;
let gate: Gate;
const phones: Phone[] = [];

/** How long the PBX takes to answer a health check. */
let slowMs = 0;
let users = 1000;

async function start(settings: Readonly<Record<string, string | number>>): Promise<void> {
  slowMs = 0;
  pbx = await aPbx({ address: ownAddress(), answersOptions: false });
  pbx.registersAll();
  pbx.always('OPTIONS', (request) => {
    setTimeout(() => pbx.answer(request, 200), slowMs);
  });
  // strangers ask by OPTIONS here, to which they would get no answer
  const open = { 'network.stealth.mode': 'off', ...settings };
  gate = await startGate({ pbx: pbx.uri, rules: 'shipped', settings: open });
}
afterEach(async () => {
  await Promise.all(phones.splice(0).map((phone) => phone.close()));
  await gate?.close();
  await pbx?.close();
});

async function phoneAt(address: string, transport: WireTransport = 'udp'): Promise<Phone> {
  const to = transport === 'udp' ? gate.udp : gate.tcp;
  const phone = await aPhone({ user: String(users++), address, transport, to });
  phones.push(phone);
  return phone;
}

/** The final answer to an OPTIONS of its own, or silence. */
async function asked(phone: Phone): Promise<number | 'silence' | undefined> {
  const sent = phone.request('OPTIONS', `sip:${gate.address}`);
  const answered = phone.finalAnswer(sent).then(({ status }) => status);
  return Promise.race([answered.catch(() => 'silence' as const), sleep(1500, 'silence' as const)]);
}

/** Each source sends a few, so that none of them crosses a limit of its own. */
async function floodFrom(sources: number, each: number): Promise<void> {
  for (let source = 0; source < sources; source++)
    await flood(gate.udp, ownAddress(), each, { patienceMs: 10 });
}

const dropped = async (reason: string): Promise<number> => {
  const lines = (await gate.metrics()).split('\n').filter((line) => line.includes(`"${reason}"`));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
};

describe('under load (N13)', () => {
  test('many strangers share what strangers get, and a phone that is known feels nothing', async () => {
    await start({ 'network.strangers-share': '{ perSecond: 20, burst: 50 }' });
    const phone = await phoneAt(ownAddress());
    await phone.register();
    await floodFrom(100, 10);
    expect(await asked(phone)).toBe(200);
    await phone.register();
    await expect.poll(() => dropped('strangers-share'), { timeout: 5000 }).toBeGreaterThan(850);
    // each of them is a stranger like any other, and comes in when there is room again
    const stranger = await phoneAt(ownAddress());
    await sleep(1000);
    expect(await asked(stranger)).toBe(200);
  });

  test('while the PBX is slow strangers wait, and are told when to come where they hear us', async () => {
    await start({
      'network.overload.pbxSlowMs': 200,
      'pbx.health': '{ everySeconds: 1, timeoutSeconds: 1 }',
    });
    const phone = await phoneAt(ownAddress());
    await phone.register();
    expect(await asked(await phoneAt(ownAddress()))).toBe(200);

    slowMs = 400;
    const pressure = async () => (await gate.told()).pressure;
    await expect.poll(pressure, { timeout: 15_000 }).toBe('strangers');
    expect(await gate.status()).toContain('strangers wait');
    const [far, near] = [await phoneAt(ownAddress()), await phoneAt(ownAddress(), 'tcp')];
    expect(await asked(far)).toBe('silence');
    const sent = near.request('OPTIONS', `sip:${gate.address}`);
    const refusal = await near.finalAnswer(sent);
    expect(refusal.status).toBe(503);
    expect(Number(refusal.header('Retry-After'))).toBeGreaterThanOrEqual(5);
    expect(await asked(phone)).toBe(200);
    await phone.register();

    // a stranger's call for help gets through
    const call = await far.invite('112');
    const invite = await pbx.expect(({ method }) => method === 'INVITE');
    pbx.answer(invite, 486);
    expect(await call.final()).toMatchObject({ status: 486 });

    slowMs = 0;
    await expect.poll(pressure, { timeout: 20_000 }).toBe('none');
    expect(await asked(await phoneAt(ownAddress()))).toBe(200);
    expect(gate.logs()).toMatch(/strangers wait: the PBX takes 4\d\d ms to answer/);
  });

  test('the PBX is sent no more registrations than it can take, and all get in', async () => {
    await start({
      'registration.pbx-pace':
        '{ perSecond: 20, burst: 20, retryAfterSeconds: 1, spreadSeconds: 1, strangersPercent: 100 }',
    });
    const crowd = await Promise.all(Array.from({ length: 40 }, () => phoneAt(ownAddress())));
    const came = { again: 0 };
    await Promise.all(
      crowd.map(async (phone) => {
        for (;;) {
          const { status, header } = await phone.tryToRegister().then((answer) => ({
            status: answer.status,
            header: answer.header('Retry-After'),
          }));
          if (status === 200) return;
          expect([status, Number(header)]).toEqual([
            503,
            expect.toSatisfy((s) => s >= 1 && s <= 2),
          ]);
          came.again++;
          await sleep(Number(header) * 1000);
        }
      }),
    );
    expect(came.again).toBeGreaterThan(10);
    expect(await gate.status()).toContain('Registrations: 40');
  });
});
